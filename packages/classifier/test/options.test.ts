import { InvalidArgumentError } from '@nn-lab/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  approximateNeighbors,
  crossValidate,
  exactNeighbors,
  KnnClassifier,
  mapQuality,
  NearestMeanClassifier,
  Pca,
  SvmClassifier,
  Tsne,
  Umap,
} from '../src/index.js';
import { clusters } from './maps/tsne/support.js';

const { x, labels } = clusters(24, 2);

/** Every public entrance that takes options, with the names that it takes. */
const entrances: Record<string, { names: string[]; run: (options: never) => unknown }> = {
  Umap: {
    names: ['minimumDistance', 'spread', 'epochs', 'learningRate', 'engine', 'seed', 'threads'],
    run: (options) => new Umap(options),
  },
  Tsne: {
    names: ['perplexity', 'iterations', 'theta', 'gridSpacing', 'patience', 'repulsion', 'seed'],
    run: (options) => new Tsne(options),
  },
  Pca: { names: ['components'], run: (options) => new Pca(options) },
  KnnClassifier: {
    names: ['k', 'weights', 'engine'],
    run: (options) => new KnnClassifier(options),
  },
  SvmClassifier: {
    names: ['kernel', 'c', 'gamma', 'gammaFactor', 'tolerance'],
    run: (options) => new SvmClassifier(options),
  },
  exactNeighbors: {
    names: ['excludeSelf', 'signal', 'onProgress'],
    run: (options) => exactNeighbors(x, x, 1, options),
  },
  approximateNeighbors: {
    names: ['components', 'candidates', 'threads', 'signal'],
    run: (options) => approximateNeighbors(x, 1, options),
  },
  mapQuality: {
    names: ['k', 'sample', 'seed', 'signal'],
    run: (options) => mapQuality(x, x, options),
  },
  crossValidate: {
    names: ['folds', 'seed', 'signal', 'onProgress'],
    run: (options) => crossValidate(() => new NearestMeanClassifier(), x, labels, options),
  },
  'NearestMeanClassifier.fit': {
    names: ['signal', 'onProgress'],
    run: (options) => new NearestMeanClassifier().fit(x, labels, options),
  },
  'Umap.fit': {
    names: ['neighbors', 'epochsBetweenProgress', 'signal'],
    run: (options) => new Umap().fit(x, options),
  },
  'Tsne.fit': {
    names: ['neighbors', 'iterationsBetweenProgress', 'signal'],
    run: (options) => new Tsne().fit(x, options),
  },
};

/** Values that no option takes. */
const hopeless = fc.oneof(
  fc.constantFrom(Number.NaN, -1, -0.5, Infinity, null, '', 'no such choice', 5n, Symbol('x')),
  fc.array(fc.integer(), { maxLength: 3 }).map((values) => values.map(String)),
);

describe.each(Object.entries(entrances))('%s', (_, { names, run }) => {
  const error = async (options: unknown): Promise<unknown> => {
    try {
      await run(options as never);
    } catch (thrown) {
      return thrown;
    }
    return undefined;
  };

  it('refuses values that cannot be, naming the option', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), hopeless, async (name, value) => {
        // Lists pass for objects here; what is in them is checked where it is used.
        fc.pre(!(name === 'neighbors' && Array.isArray(value)));
        const thrown = await error({ [name]: value });
        expect(thrown).toBeInstanceOf(InvalidArgumentError);
        expect((thrown as Error).message).toMatch(
          new RegExp(`^Expected \`${name}\` to be [^\n]+, got [^\n]+\\.$`),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('refuses unknown names with the nearest known one', async () => {
    for (const name of names.filter(({ length }) => length > 3)) {
      const thrown = await error({ [`${name}s`]: 1 });
      expect(thrown).toBeInstanceOf(InvalidArgumentError);
      expect((thrown as Error).message).toMatch(/^Unknown option `.+`, did you mean `.+`\?$/);
    }
    expect(await error(5)).toBeInstanceOf(InvalidArgumentError);
  });
});

it('names what other libraries call otherwise', () => {
  expect(() => new Umap({ n_neighbors: 5 } as never)).toThrow(
    'Unknown option `n_neighbors`, did you mean `neighbors`?',
  );
  expect(() => new Umap({ min_dist: 0.1 } as never)).toThrow('did you mean `minimumDistance`?');
  expect(() => new Tsne({ perplexityy: 5 } as never)).toThrow('did you mean `perplexity`?');
});
