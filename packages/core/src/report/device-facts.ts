import type { RunDevice } from '../experiment/experiment.js';
import { formatQuantity } from '../format.js';
import type { FactsBlock } from './blocks.js';

/** What a run computed with, for a block of facts. */
export function deviceFacts({ backend, threads, machine }: RunDevice): FactsBlock['facts'] {
  return [
    ['Backend', `${backend}, ${formatQuantity(threads, 'thread')}`],
    ['Machine', `${machine.cpu}, ${formatQuantity(machine.cores, 'core')}, Node ${machine.node}`],
  ];
}
