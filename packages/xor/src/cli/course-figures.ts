/** What the course reports of this project. */
export const courseFigures = {
  evaluations: 7899,
  lazy: { searches: 8, mean: 131_891, min: 8_992, max: 393_348 },
} as const;

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
