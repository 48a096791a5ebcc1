import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

/** What starts the databases of the tests is in the process that says how they went. */
test('a process that could start a PostgreSQL server ends with the status it was given', () => {
  const kit = resolve(import.meta.dirname, 'kit/postgres-server.ts')
  const script = `await import(${JSON.stringify(kit)}); process.exitCode = 3`
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script])
  expect(status).toBe(3)
})
