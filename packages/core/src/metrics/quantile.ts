/**
 * The value below which the given share of the sorted values lies, linear between neighbours
 * (definition 7 of Hyndman and Fan, "Sample quantiles in statistical packages", 1996).
 */
export function quantileOfSorted(sorted: Float64Array, probability: number): number {
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}
