import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '../../src/config/index.ts'
import { createPreparation, toMarkdown, type Preparation } from '../../src/tools/preparation/index.ts'
import { pdf, type PdfPageSpec } from '../../test/kit/pdf.ts'
import { measureOcr } from '../kit/ocr.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'
import { readStructure, scoreStructure, type Score, type Share } from '../kit/structure.ts'

/** How much of the structure of documents is read: words, cells of tables, headings, format by format. */
export const scorecard: Scorecard = {
  name: 'preparation',
  purpose: 'documents of each format against the Markdown that is expected of them (docling), each miss listed',
  async run(options): Promise<Measurement> {
    const figures: Record<string, number> = {}
    const unmeasured: string[] = []
    const preparation = createPreparation(configSchema.parse({}).knowledge)
    try {
      for (const format of formats) {
        const scores = await measureFormat(preparation, format, options)
        if (scores.length === 0) unmeasured.push(`${format}.words`)
        else Object.assign(figures, toFigures(format, scores))
      }
      const read = await measureOcr(preparation, options)
      Object.assign(figures, read)
      unmeasured.push(...Object.keys(ocrBounds).filter((key) => read[key] === undefined))
      Object.assign(figures, await measureSpeed(options, unmeasured))
    } finally {
      await preparation.close()
    }
    return { figures, promised, unmeasured }
  },
}

const formats = ['docx', 'xlsx', 'pptx', 'html', 'csv', 'pdf'] as const

const bounds = [
  ['words', 0.98],
  ['cells', 0.95],
  ['headings', 0.9],
] as const

/** Characters read rightly of clean scans. */
const ocrBounds: Readonly<Record<string, number>> = {
  'ocr.english.clean': 0.99,
  'ocr.simplified.clean': 0.95,
  'ocr.traditional.clean': 0.95,
}

const promised: Measurement['promised'] = Object.fromEntries<readonly ['>=' | '<', number]>([
  ...formats.flatMap((format) =>
    bounds
      .filter(([key]) => format !== 'csv' || key !== 'headings')
      .map(([key, bound]) => [`${format}.${key}`, ['>=', bound]] as const),
  ),
  ...Object.entries(ocrBounds).map(([key, bound]) => [key, ['>=', bound]] as const),
  ['pdf.pagesPerCpuSecond', ['>=', 60]],
  ['pdf.shortFilePagesPerCpuSecond', ['>=', 60]],
  ['pdf.shortFileWarmPagesPerCpuSecond', ['>=', 60]],
  ['pdf.peakMb', ['<', 300]],
  ['markdown.documentsPerCpuSecond', ['>=', 1_000]],
])

async function measureFormat(
  preparation: Preparation,
  format: string,
  { dataFolder, print }: ScorecardOptions,
): Promise<readonly Score[]> {
  const folder = join(dataFolder, 'parse/docling', format)
  if (!existsSync(folder)) return []
  const scores: Score[] = []
  for (const name of readdirSync(join(folder, 'sources')).toSorted()) {
    const expected = [`${name}.md`, `${name.replace(/\.\w+$/, '')}.md`]
      .map((each) => join(folder, 'groundtruth', each))
      .find((path) => existsSync(path))
    if (expected === undefined) continue
    const bytes = readFileSync(join(folder, 'sources', name))
    const document = await preparation.parse({ source: name, bytes })
    const score = scoreStructure(readStructure(readFileSync(expected, 'utf8')), readStructure(toMarkdown(document)))
    scores.push(score)
    for (const miss of score.misses) print(`${format}/${name}: ${miss}`)
  }
  return scores
}

/** Shares over all documents of a format; a kind that none of them has is left out. */
function toFigures(format: string, scores: readonly Score[]): Record<string, number> {
  const figures: Record<string, number> = { [`${format}.documents`]: scores.length }
  for (const key of ['words', 'wordsAnywhere', 'cells', 'headings', 'levels'] as const) {
    const shares: readonly Share[] = scores.map((score) => score[key])
    const of = shares.reduce((sum, share) => sum + share.of, 0)
    if (of > 0) figures[`${format}.${key}`] = shares.reduce((sum, share) => sum + share.found, 0) / of
  }
  return figures
}

/** Pages of the long PDF that is made to be read. */
const longPdfPages = 1_600
const markdownDocuments = 3_000

/** What reading costs: a long PDF in the process that the command line starts, and Markdown as ingestion reads it. */
async function measureSpeed(options: ScorecardOptions, unmeasured: string[]): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'strata-preparation-'))
  const preparation = createPreparation(configSchema.parse({}).knowledge)
  try {
    const path = join(folder, 'long.pdf')
    writeFileSync(path, pdf(Array.from({ length: longPdfPages }, (_, number) => toPage(number + options.seed))))
    const peakMb = await measurePeak(path)
    if (peakMb === undefined) unmeasured.push('pdf.peakMb')
    const bytes = readFileSync(path)
    const long = await cpuSeconds(() => preparation.parse({ source: 'long.pdf', bytes }))
    const real = await measureRealPdfs(preparation, options)
    for (const key of ['pdf.shortFilePagesPerCpuSecond', 'pdf.shortFileWarmPagesPerCpuSecond']) {
      if (real[key] === undefined) unmeasured.push(key)
    }
    const texts = Array.from({ length: markdownDocuments }, (_, number) => Buffer.from(toMarkdownText(number)))
    const markdown = await cpuSeconds(async () => {
      for (const [number, text] of texts.entries()) await preparation.prepare({ source: `${number}.md`, bytes: text })
    })
    return {
      'pdf.pagesPerCpuSecond': longPdfPages / long,
      ...real,
      ...(peakMb === undefined ? {} : { 'pdf.peakMb': peakMb }),
      'markdown.documentsPerCpuSecond': markdownDocuments / markdown,
    }
  } finally {
    await preparation.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Processor time of this process, its threads included. */
async function cpuSeconds(act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await act()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/**
 * Files of few pages, each opened anew, so that its fonts are read anew: the dearest pages there are. The first ninety
 * pages, while V8 still compiles what reads them, and the 270 after them.
 */
async function measureRealPdfs(
  preparation: Preparation,
  { dataFolder }: ScorecardOptions,
): Promise<Record<string, number>> {
  const folder = join(dataFolder, 'parse/docling/pdf/sources')
  if (!existsSync(folder)) return {}
  const files = readdirSync(folder).map((name) => ({ source: name, bytes: readFileSync(join(folder, name)) }))
  const measureRounds = async (rounds: number): Promise<number> => {
    let pages = 0
    const seconds = await cpuSeconds(async () => {
      for (let round = 0; round < rounds; round++) {
        for (const file of files) pages += (await preparation.parse(file)).pages.length
      }
    })
    return pages / seconds
  }
  return {
    'pdf.shortFilePagesPerCpuSecond': await measureRounds(10),
    'pdf.shortFileWarmPagesPerCpuSecond': await measureRounds(30),
  }
}

/** Most memory that the command line takes to read a file, MB; on Linux, which keeps it. */
async function measurePeak(path: string): Promise<number | undefined> {
  const main = join(import.meta.dirname, '../../bin/strata.js')
  const child = spawn(process.execPath, ['--max-semi-space-size=8', main, 'parse', path], { stdio: 'ignore' })
  let peak: number | undefined
  const timer = setInterval(() => {
    const status = `/proc/${child.pid}/status`
    const kilobytes = existsSync(status) ? /VmHWM:\s*(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] : undefined
    if (kilobytes !== undefined) peak = Math.max(peak ?? 0, Number(kilobytes) / 1_024)
  }, 50)
  const [code] = (await once(child, 'exit')) as [number | null] // Node's own shape of the event
  clearInterval(timer)
  return code === 0 ? peak : undefined
}

const vocabulary =
  'the quarterly report of the committee says that revenue grew by twelve percent while costs fell in every region'.split(
    ' ',
  )

function sentence(seed: number): string {
  return Array.from({ length: 14 }, (_, word) => vocabulary[(seed * 7 + word * 3) % vocabulary.length]).join(' ')
}

/** A page as reports have them: head, heading, forty lines, a small table on every third, its number. */
function toPage(number: number): PdfPageSpec {
  const table = ['North', '12.5', '18.1', '22.9']
  const rows = number % 3 === 0 ? [0, 1, 2, 3] : []
  return {
    lines: [
      { text: `Annual report ${number}`, x: 72, y: 760, size: 9 },
      { text: `${number % 9} Section on results`, x: 72, y: 720, size: 14, isBold: true },
      ...Array.from({ length: 44 }, (_, line) => ({ text: sentence(number + line), x: 72, y: 700 - line * 13 })),
      ...rows.flatMap((row) => table.map((text, column) => ({ text, x: 72 + column * 110, y: 120 - row * 14 }))),
      { text: `${number}`, x: 300, y: 30, size: 9 },
    ],
  }
}

/** About three kilobytes under four headings. */
function toMarkdownText(number: number): string {
  return [0, 1, 2, 3]
    .map(
      (part) =>
        `## Part ${part}\n\n${Array.from({ length: 9 }, (_, line) => sentence(number + part + line)).join('. ')}.\n`,
    )
    .join('\n')
}
