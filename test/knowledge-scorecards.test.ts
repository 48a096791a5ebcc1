import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createReport } from '../bench/kit/report.ts'
import { measureAccess } from '../bench/scorecards/acl.ts'
import { measureCitations } from '../bench/scorecards/citations.ts'
import { measureDeletion } from '../bench/scorecards/deletion.ts'
import { createSystemClock } from '../src/core/time.ts'

const options = { dataFolder: '', seed: 7, clock: createSystemClock(), print: () => undefined }

test('after random schedules of add, update, delete, access change, crash and kill nothing is left', {
  timeout: 300_000,
}, async () => {
  const report = createReport('deletion', await measureDeletion(options, { schedules: 9, schedulesPerKill: 4 }))
  expect(report.figures['deletions']).toBeGreaterThan(5)
  expect(report.figures['kills']).toBe(3)
  expect([report.missed, report.unmeasured]).toEqual([[], []])
})

test('while lists and groups change nobody sees what they may not, and nothing is lost', {
  timeout: 300_000,
}, async () => {
  const report = createReport('acl', await measureAccess(options, 30_000))
  expect(report.figures['compared']).toBeGreaterThan(0)
  expect([report.missed, report.unmeasured]).toEqual([[], []])
})

test('quotes of real texts resolve to the byte, and planted wrong ones and wrong facts are caught', {
  timeout: 300_000,
}, async () => {
  const folder = new URL('../examples/handbook/documents/', import.meta.url)
  const names = readdirSync(folder).filter((name) => name.endsWith('.md'))
  const texts = names.map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))
  const questions = [
    'How much may a hotel cost per night?',
    'Who approves leave?',
    '笔记本电脑丢了怎么办?',
    '差旅费怎么报销?',
  ]
  const set = { texts, questions }
  const report = createReport('citations', await measureCitations(options, [{ name: 'handbook', set }]))
  for (const counted of ['citations', 'wrongQuotes', 'wrongFacts']) expect(report.figures[counted]).toBeGreaterThan(0)
  expect([report.missed, report.unmeasured]).toEqual([[], []])
})
