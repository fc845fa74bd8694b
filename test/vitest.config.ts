import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { V8_FLAGS } from '../src/setup/commands.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Workers are processes with the flags of Kerb itself: the tests run guests that suspend, and start threads of their own. */
const common = { root, pool: 'forks' as const, execArgv: [...V8_FLAGS], testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    root,
    projects: [
      { test: { ...common, name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        // Whole servers with their threads: one file at a time, after the unit tests, so that they do not starve each other.
        test: {
          ...common,
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ['test/unit/**'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
