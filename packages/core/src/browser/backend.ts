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
 * Starts the backend that tfjs computes with: `webgpu` where the page has imported
 * `@tensorflow/tfjs-backend-webgpu` and the browser gives it a device, else `webgl` on a real GPU,
 * else `simd`, else `cpu`.
 *
 * @throws InvalidArgumentError for a name that a browser has no backend of.
 * @throws NnLabError when the backend asked for by name cannot be used.
 */
export async function useBackend(options: UseBackendOptions = {}): Promise<ChosenBackend> {
  checkOptions(options, useBackendChecks);
  requireThreads(options.threads);
  return chooseBackend(options.backend ?? 'auto', browserBackends(options));
}

/** The backends of a browser, the fastest first. */
function browserBackends(options: Omit<UseBackendOptions, 'backend'>): BackendCandidate[] {
  return [webgpu, webgl, simd(options), cpu];
}

const webgpu: BackendCandidate = {
  name: 'webgpu',
  async start() {
    if (!tf.findBackendFactory('webgpu')) {
      throw new BackendMissingError(
        "The page has no WebGPU backend. Add one with: import '@tensorflow/tfjs-backend-webgpu'",
      );
    }
    try {
      await startRegistered('webgpu');
    } catch (cause) {
      throw new NnLabError(
        'WebGPU is imported but does not start: the browser gives the page no GPU. Try another browser, or allow hardware acceleration in its settings.',
        { cause },
      );
    }
    return { description: 'WebGPU', threads: 1 };
  },
};

const webgl: BackendCandidate = {
  name: 'webgl',
  async start(byName) {
    try {
      await startRegistered('webgl');
    } catch (cause) {
      throw new NnLabError(
        'WebGL does not start: the browser gives the page no GPU. Allow hardware acceleration in its settings.',
        { cause },
      );
    }
    if (!tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')) {
      throw new NnLabError(
        'WebGL computes with 16-bit numbers on this GPU, which are too coarse for training.',
      );
    }
    const renderer = rendererName();
    if (!byName && /swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer)) {
      throw new NnLabError(
        `WebGL is drawn by the CPU here (${renderer}), which is slower than simd. Allow hardware acceleration in the browser's settings.`,
      );
    }
    return { description: `WebGL (${renderer})`, threads: 1 };
  },
};

function simd(options: UseBackendOptions): BackendCandidate {
  const help =
    'threads share memory only in a page that is cross-origin isolated. Serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.';
  return {
    name: 'simd',
    start: async (byName) =>
      startSimd(await import('@nn-lab/backend-simd/browser'), options, { byName, help }),
  };
}

const cpu: BackendCandidate = {
  name: 'cpu',
  async start() {
    await startRegistered('cpu');
    return { description: 'plain JavaScript, for checking only', threads: 1 };
  },
};

function rendererName(): string {
  const { gpgpu } = tf.backend() as { gpgpu?: { gl?: WebGLRenderingContext } };
  const gl = gpgpu?.gl;
  const info = gl?.getExtension('WEBGL_debug_renderer_info');
  return String((info && gl?.getParameter(info.UNMASKED_RENDERER_WEBGL)) ?? 'unknown GPU');
}

/** Says something about the backend once it was started unasked. */
export function announce(message: string): void {
  // biome-ignore lint/suspicious/noConsole: a page has no other place for what nobody asked for.
  console.info(message);
}
