import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { openKnowledge, tenant, type OpenKnowledge } from '../kit/knowledge.ts'
import type { Measurement } from '../kit/report.ts'
import { generateMaterial, makeDocument, readMaterial, type Material } from '../kit/search-corpus.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

interface Sizes {
  readonly chunks: number
  /** Documents of about 1 KB whose taking in is measured. */
  readonly documents: number
  readonly questions: number
}

const sizes: Sizes = { chunks: 100_000, documents: 6_000, questions: 1_500 }

/** How fast documents are taken in, and how fast search answers. */
export const scorecard: Scorecard = {
  name: 'search',
  purpose: `Markdown documents of 1 KB taken in, and questions answered in ${sizes.chunks} chunks made of the question sets, Chinese and English by halves`,
  run: (options) => measureSearch(options, sizes),
}

/** The same at other sizes. */
export async function measureSearch(
  options: ScorecardOptions,
  { chunks, documents, questions }: Sizes,
): Promise<Measurement> {
  const found = readMaterial(options.dataFolder)
  const random = createSeededRandom(options.seed)
  const material = found ?? generateMaterial(random)
  const indexing = await measureIndexing({ options, material, random }, documents)
  const searching = await measureSearching({ options, material, random }, { chunks, questions })
  const figures = { ...indexing, ...searching }
  if (found !== undefined) return { figures, promised, unmeasured: [] }
  const generated = Object.entries(figures).map(([key, figure]) => [`generated.${key}`, figure] as const)
  return { figures: Object.fromEntries(generated), promised, unmeasured: [] }
}

const promised = {
  documentsPerCpuSecond: ['>=', 1_000],
  p50Ms: ['<=', 5],
  p99Ms: ['<=', 25],
} as const

interface Measuring {
  readonly options: ScorecardOptions
  readonly material: Material
  readonly random: Random
}

type Figures = Readonly<Record<string, number>>

const collection = 'measured'
const documentsPerPut = 100

/** Documents of one section and about 1 KB, until all of them are taken in; the threads' time counts too. */
async function measureIndexing({ options, material, random }: Measuring, documents: number): Promise<Figures> {
  const open = await openKnowledge(options)
  try {
    const made = Array.from({ length: documents }, (_, number) =>
      // A Han character is three units and three bytes.
      makeDocument(material, random, { number, sections: 1, unitsMax: 1_600 }),
    )
    const bytes = made.reduce((sum, document) => sum + document.bytes.length, 0)
    const warming = made.slice(0, Math.floor(documents / 3))
    const measured = made.slice(warming.length)
    await open.knowledge.createCollection(tenant, 'warming')
    await putAll(open, 'warming', warming)
    await open.knowledge.createCollection(tenant, collection)
    const [before, startedMs] = [process.cpuUsage(), options.clock.monotonicMs()]
    await putAll(open, collection, measured)
    const seconds = toSeconds(process.cpuUsage(before))
    return {
      documentsPerCpuSecond: measured.length / seconds,
      documentsPerSecond: (1_000 * measured.length) / (options.clock.monotonicMs() - startedMs),
      documentBytes: bytes / documents,
    }
  } finally {
    await open.close()
  }
}

async function putAll(
  open: OpenKnowledge,
  name: string,
  documents: readonly ReturnType<typeof makeDocument>[],
): Promise<void> {
  for (let from = 0; from < documents.length; from += documentsPerPut) {
    await open.knowledge.putDocuments(tenant, name, documents.slice(from, from + documentsPerPut))
  }
}

/**
 * One question after another: by who sees everything, with nothing in memory and after the half of the questions that is not
 * measured; then by one of ten teams, who sees its tenth and what is everybody's.
 */
async function measureSearching(
  { options, material, random }: Measuring,
  { chunks, questions }: Pick<Sizes, 'chunks' | 'questions'>,
): Promise<Figures> {
  const open = await openKnowledge(options)
  try {
    await open.knowledge.createCollection(tenant, collection)
    await build({ options, material, random }, open, chunks)
    const [startedMs, before] = [options.clock.monotonicMs(), process.cpuUsage()]
    await ask(open, '年假 holiday', undefined)
    const first = {
      firstMs: options.clock.monotonicMs() - startedMs,
      firstCpuMs: 1_000 * toSeconds(process.cpuUsage(before)),
    }
    const cold = await time(sample(random, material.questions.warming, questions / 6), options, (question) =>
      ask(open, question, undefined),
    )
    for (const question of material.questions.warming) await ask(open, question, undefined)
    const measured = sample(random, material.questions.measured, questions)
    const all = await time(measured, options, (question) => ask(open, question, undefined))
    for (const question of sample(random, material.questions.warming, 50)) await ask(open, question, ['group:team-3'])
    const team = await time(measured, options, (question) => ask(open, question, ['group:team-3']))
    return {
      chunks,
      questions: measured.length,
      ...all,
      ...prefix('restricted', team),
      ...prefix('cold', cold),
      ...first,
    }
  } finally {
    await open.close()
  }
}

async function build({ options, material, random }: Measuring, open: OpenKnowledge, chunks: number): Promise<void> {
  let [number, there] = [0, 0]
  while (there < chunks) {
    const documents = Array.from({ length: documentsPerPut }, () => {
      const sections = 1 + Math.floor(random.next() * 9)
      const made = makeDocument(material, random, { number: number++, sections, unitsMax: 1_600 })
      // Every other document is everybody's.
      const access =
        number % 2 === 0 ? undefined : { allow: [`group:team-${Math.floor(random.next() * 10)}`], deny: [] }
      return { ...made, access }
    })
    for (const put of await open.knowledge.putDocuments(tenant, collection, documents)) {
      if (put instanceof Error) throw put
      there += put.chunks
    }
    if (number % 4_000 === 0) options.print(`${there} chunks of ${number} documents`)
  }
}

function ask({ knowledge }: OpenKnowledge, query: string, principals: readonly string[] | undefined): Promise<unknown> {
  return knowledge.find({ tenant, collections: [collection], query, passagesMax: 8, principals })
}

async function time(
  questions: readonly string[],
  { clock }: ScorecardOptions,
  act: (question: string) => Promise<unknown>,
): Promise<Figures> {
  const [times, cpuTimes]: [number[], number[]] = [[], []]
  for (const question of questions) {
    const [startedMs, before] = [clock.monotonicMs(), process.cpuUsage()]
    await act(question)
    cpuTimes.push(1_000 * toSeconds(process.cpuUsage(before)))
    times.push(clock.monotonicMs() - startedMs)
  }
  return {
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    p50CpuMs: quantile(cpuTimes, 0.5),
    p99CpuMs: quantile(cpuTimes, 0.99),
    meanCpuMs: cpuTimes.reduce((sum, each) => sum + each, 0) / cpuTimes.length,
  }
}

function prefix(name: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([key, figure]) => [`${name}.${key}`, figure]))
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function sample(random: Random, list: readonly string[], count: number): readonly string[] {
  return Array.from({ length: count }, () => list[Math.floor(random.next() * list.length)] ?? '')
}

function toSeconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6
}
