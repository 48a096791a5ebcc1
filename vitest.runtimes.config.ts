import { defineConfig } from 'vitest/config'

/** Tests of runtimes that are installed on demand. Slow the first time: they install what they test. */
export default defineConfig({
  test: {
    include: ['test/runtimes/**/*.test.ts'],
    testTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 600_000,
    maxWorkers: 1,
  },
})
