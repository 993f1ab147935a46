import type { CourseFacts } from '@nn-lab/core/experiment';

/** What the course's students report of this project. */
export const courseFacts = {
  evaluations: { name: 'MSE evaluations at learning rate 0.3', value: 7899 },
  lazySearches: { name: 'Lazy searches', value: 8 },
  lazyMean: { name: 'Lazy search, mean draws', value: 131_891 },
  lazyFewest: { name: 'Lazy search, fewest draws', value: 8_992 },
  lazyMost: { name: 'Lazy search, most draws', value: 393_348 },
} as const satisfies CourseFacts;
