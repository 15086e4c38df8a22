import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The journal works in a thread of its own, from TypeScript as all else here. */
const workers = fileURLToPath(new URL('test/typescript-workers.mjs', import.meta.url));

/**
 * How long a test waits for what it expects, where it says nothing else. A test that succeeds waits no longer than it must,
 * and the machine may be slow and have other things to do.
 */
const patience = { poll: { timeout: 30_000 } };

/** Native serial bindings may crash inside worker threads, so every project runs in forked processes. */
const project = (name: string, include: string[], testTimeout: number) => ({
  test: {
    name,
    include,
    pool: 'forks' as const,
    execArgv: ['--import', workers],
    setupFiles: ['test/patience.ts'],
    expect: patience,
    testTimeout,
    hookTimeout: testTimeout,
  },
});

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...project(
            'unit',
            [
              'test/{base,task,service,port,instrument,journal,sinks,wire,server,client,dashboards,config,gateway,cli,drivers,mocks}/**/*.test.ts',
              'test/*.test.ts',
            ],
            60_000,
          ).test,
          typecheck: { enabled: false },
        },
      },
      project('integration', ['test/integration/**/*.test.ts'], 180_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 300_000),
      project('captures', ['test/captures/**/*.test.ts'], 180_000),
    ],
  },
});
