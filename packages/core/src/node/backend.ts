import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import {
  type BackendCandidate,
  BackendMissingError,
  chooseBackend,
  requireThreads,
  startRegistered,
  startSimd,
  type UseBackendOptions,
  useBackendChecks,
} from '../backend-choice.js';
import { checkOptions } from '../checks/index.js';
import type { ChosenBackend } from '../chosen-backend.js';
import { NnLabError } from '../errors.js';

/**
 * Starts the backend that tfjs computes with: `tensorflow` on a CUDA GPU
 * (`@tensorflow/tfjs-node-gpu`) or on the CPU (`@tensorflow/tfjs-node`) where one of these is
 * installed and starts, else `simd`, else `cpu`.
 *
 * @throws InvalidArgumentError for a name that Node has no backend of.
 * @throws NnLabError when the backend asked for by name cannot be used.
 *
 * @example
 * ```ts
 * const { name, threads } = await useBackend();
 * ```
 */
export async function useBackend(options: UseBackendOptions = {}): Promise<ChosenBackend> {
  checkOptions(options, useBackendChecks);
  requireThreads(options.threads);
  keepStockAdviceQuiet();
  return chooseBackend(options.backend ?? 'auto', nodeBackends(options));
}

/** What the choice depends on beside the options; tests put something else in its place. */
export interface NodeSurroundings {
  importSimd(): Promise<Pick<typeof import('@nn-lab/backend-simd'), 'useSimdBackend'>>;
  importAccelerator(name: string): Promise<unknown>;
  readonly nodeVersion: string;
}

const surroundingsHere: NodeSurroundings = {
  // Always there, and so under a name that bundlers see.
  importSimd: () => import('@nn-lab/backend-simd/node'),
  // There or not, and so left alone by bundlers: Node looks for it when the program runs.
  importAccelerator: (name) => import(/* webpackIgnore: true */ /* @vite-ignore */ name),
  nodeVersion: process.versions.node,
};

/** The backends of Node, the fastest first. */
export function nodeBackends(
  options: Omit<UseBackendOptions, 'backend'>,
  surroundings = surroundingsHere,
): BackendCandidate[] {
  return [
    tensorflow('@tensorflow/tfjs-node-gpu', options, surroundings),
    tensorflow('@tensorflow/tfjs-node', options, surroundings),
    simd(options, surroundings),
    {
      name: 'cpu',
      async start() {
        await startRegistered('cpu');
        return { description: 'plain JavaScript, for checking only', threads: 1 };
      },
    },
  ];
}

function tensorflow(
  packageName: string,
  { threads }: UseBackendOptions,
  { importAccelerator, nodeVersion }: NodeSurroundings,
): BackendCandidate {
  const major = Number.parseInt(nodeVersion, 10);
  return {
    name: 'tensorflow',
    hint:
      major < brokenFromNode
        ? `npm i @tensorflow/tfjs-node brings native TensorFlow, @tensorflow/tfjs-node-gpu TensorFlow on a CUDA GPU.`
        : undefined,
    async start() {
      if (threads !== undefined) {
        // TensorFlow reads these when its library is loaded.
        process.env.TF_NUM_INTRAOP_THREADS = `${threads}`;
        process.env.TF_NUM_INTEROP_THREADS = `${threads}`;
      }
      try {
        await importAccelerator(packageName);
        await startRegistered('tensorflow');
      } catch (cause) {
        throw explain(cause, packageName, nodeVersion);
      }
      const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
      const withoutGpu = packageName.endsWith('-gpu') && !isUsingGpuDevice;
      return {
        description: isUsingGpuDevice ? 'TensorFlow on a CUDA GPU' : 'native TensorFlow',
        threads: threads ?? availableParallelism(),
        notes: withoutGpu
          ? [
              `${packageName} found no CUDA GPU and computes on the CPU: check nvidia-smi, and that CUDA and cuDNN are the versions it asks for.`,
            ]
          : [],
      };
    },
  };
}

function simd(options: UseBackendOptions, { importSimd }: NodeSurroundings): BackendCandidate {
  const help = 'no more could be started, for which memory may be short.';
  return {
    name: 'simd',
    start: async (byName) => startSimd(await importSimd(), options, { byName, help }),
  };
}

/** Node 23 took `util.isNullOrUndefined` away, which tfjs-node 4.22 calls in most operations. */
const brokenFromNode = 23;

/** What hinders an installed accelerator, and what would help, in one line. */
function explain(cause: unknown, packageName: string, nodeVersion: string): NnLabError {
  const { message, code } = cause as { message: string; code?: string };
  const firstLine = String(message).split('\n')[0]!.trim();
  if (/MODULE_NOT_FOUND$/.test(code ?? '') && firstLine.includes(`'${packageName}'`)) {
    return new BackendMissingError(
      `${packageName} is not installed. Install it with: npm i ${packageName}`,
      { cause },
    );
  }
  const because = (why: string, help: string) =>
    new NnLabError(`${packageName} is installed but does not start: ${why}. ${help}`, { cause });
  if (/isNullOrUndefined/.test(firstLine)) {
    return because(
      `it does not run on Node ${nodeVersion}`,
      `Use Node 22 or older, or remove the package.`,
    );
  }
  if (/tfjs_binding\.node\) can not be found/.test(firstLine)) {
    return because(
      `its native addon is missing for Node ${nodeVersion}`,
      `Try: npm rebuild ${packageName} --build-addon-from-source`,
    );
  }
  if (/NODE_MODULE_VERSION|did not self-register/.test(message)) {
    return because(
      `its native addon was built for another Node than ${nodeVersion}`,
      `Try: npm rebuild ${packageName} --build-addon-from-source`,
    );
  }
  if (/lib(cuda|cudart|cublas|cudnn|cufft|curand|cusolver|cusparse)[\w.-]*/.test(message)) {
    const [library] = /lib(cuda|cudart|cublas|cudnn|cufft|curand|cusolver|cusparse)[\w.-]*/.exec(
      message,
    )!;
    return because(
      `${library} of CUDA is not found`,
      'Install the NVIDIA driver with CUDA and cuDNN, or use @tensorflow/tfjs-node.',
    );
  }
  if (/libtensorflow/.test(message)) {
    return because(
      'the TensorFlow library is missing',
      `Install it again with network access: npm rebuild ${packageName}`,
    );
  }
  return because(firstLine || 'it gave no reason', `Try: npm rebuild ${packageName}`);
}

/**
 * The plain backend advises people to install the native addon when it is first used in Node, even
 * if it only helps another backend out. The hint of the choice says the same where it is due.
 */
function keepStockAdviceQuiet(): void {
  const cpu = tf.engine().findBackend('cpu') as { firstUse?: boolean } | undefined;
  if (cpu) cpu.firstUse = false;
}

/** Says something about the backend once it was started unasked. */
export function announce(message: string): void {
  process.emitWarning(message, { type: 'NnLabNotice', code: 'NN_LAB_BACKEND' });
}
