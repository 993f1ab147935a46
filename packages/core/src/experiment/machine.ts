import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { formatBytes } from '../format.js';

/** The machine that a run is made on, as `config.json` and `metrics.json` have it. */
export interface RunMachine {
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory: string;
}

/** Describes the machine that this process runs on. */
export function describeMachine(): RunMachine {
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: formatBytes(totalmem()),
  };
}
