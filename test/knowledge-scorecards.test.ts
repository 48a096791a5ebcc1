import { expect, test } from 'vitest'
import { createReport } from '../bench/kit/report.ts'
import { measureAccess } from '../bench/scorecards/acl.ts'
import { measureDeletion } from '../bench/scorecards/deletion.ts'
import { createSystemClock } from '../src/core/time.ts'

const options = { dataFolder: '', seed: 7, clock: createSystemClock(), print: () => undefined }

test('after random schedules of add, update, delete, access change and crash nothing is left', {
  timeout: 120_000,
}, async () => {
  const report = createReport('deletion', await measureDeletion(options, 6))
  expect(report.figures['deletions']).toBeGreaterThan(5)
  expect([report.missed, report.unmeasured]).toEqual([[], []])
})

test('while lists and groups change nobody sees what they may not, and nothing is lost', {
  timeout: 120_000,
}, async () => {
  const report = createReport('acl', await measureAccess(options, 30_000))
  expect(report.figures['compared']).toBeGreaterThan(0)
  expect([report.missed, report.unmeasured]).toEqual([[], []])
})
