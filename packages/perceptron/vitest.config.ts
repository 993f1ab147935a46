import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@nn-lab/source'] },
  ssr: { resolve: { conditions: ['@nn-lab/source', 'node', 'import', 'default'] } },
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000 },
});
