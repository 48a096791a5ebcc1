import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Threads and processes that the tests start find the compiled code that an installation has made.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/strata')

export default defineConfig({
  test: {
    globalSetup: 'test/setup/databases.ts',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts', 'examples/**/*.test.ts'],
    // Bounds of a hang, not of a pace: a busy machine may take many times what a quiet one does.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    exclude: ['**/node_modules/**', 'test/runtimes/**'],
  },
})
