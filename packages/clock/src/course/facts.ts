import type { CourseFacts } from '@nn-lab/core/experiment';

/** What the course reports of this project: mean "common sense" errors, the shorter way around. */
export const courseFacts = {
  meanAbsoluteError: { name: "Mean error of the course's best network", value: 11.71, unit: 'min' },
  bestStudent: {
    name: "Mean error of the best of the course's students",
    value: 7.61,
    unit: 'min',
  },
} as const satisfies CourseFacts;
