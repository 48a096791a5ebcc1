import { calcPrice, extractUsage, findProvider } from '@pydantic/genai-prices'
import { configSchema } from '../../../src/config/index.ts'
import { createSeededRandom } from '../../../src/core/random.ts'
import type { Usage } from '../../../src/core/usage.ts'
import { readBody } from '../../../src/infrastructure/index.ts'
import { createPricer } from '../../../src/investment/index.ts'
import type { Figures, Writer } from './forms.ts'
import { createFigures, writers } from './writers.ts'

export interface UsageRun {
  readonly seed: number
  /** Bodies of each writer. */
  readonly bodiesEach: number
  /** Every how many bodies one is cut at every byte. */
  readonly cutEvery: number
  readonly onFault?: (fault: string) => void
}

export interface UsageFigures {
  readonly bodies: number
  readonly writers: number
  /** Bodies in which a figure differs from what was written. */
  readonly wrong: number
  readonly cuts: number
  /** Cuts that threw, or gave a figure that the whole body does not have or has smaller. */
  readonly cutsWrong: number
  /** Whole bodies priced for a model of the catalogue, by us and by its own reading and arithmetic. */
  readonly compared: number
  readonly differing: number
  /** Bodies that the catalogue prices and we say are unknown. */
  readonly unpriced: number
}

const atMs = Date.parse('2026-10-01T12:00:00Z')

/** Writes usage down in every form and reads it back. */
export function runUsage(run: UsageRun): UsageFigures {
  const random = createSeededRandom(run.seed)
  const book = createPricer({ config: configSchema.parse({}) })
  const found = {
    bodies: 0,
    writers: writers.length,
    wrong: 0,
    cuts: 0,
    cutsWrong: 0,
    compared: 0,
    differing: 0,
    unpriced: 0,
  }
  const fault = (writer: Writer, what: string): void => run.onFault?.(`${writer.dialect}, ${writer.name}: ${what}`)
  for (const writer of writers) {
    for (let round = 0; round < run.bodiesEach; round++) {
      const figures = createFigures(random, writer.lacks)
      const model = drawModel(writer, random.next())
      const written = writer.write(figures, model)
      const bytes = Buffer.isBuffer(written) ? written : Buffer.from(JSON.stringify(written))
      const { usage } = readBody(bytes, writer.dialect)
      found.bodies++
      if (!isEqual(usage, figures)) {
        found.wrong++
        fault(writer, `${JSON.stringify(figures)} was read as ${JSON.stringify({ ...usage, raw: undefined })}`)
      }
      if (Buffer.isBuffer(written) && round % run.cutEvery === 0) {
        const { cuts, wrong } = cutEverywhere(written, writer, usage)
        found.cuts += cuts
        found.cutsWrong += wrong.length
        for (const what of wrong) fault(writer, what)
      }
      if (writer.catalogue === undefined || Buffer.isBuffer(written)) continue
      const [vendor, form] = writer.catalogue
      const theirs = priceByCatalogue({ vendor, form, model, body: written })
      const ours = usage === undefined ? undefined : book.find({ endpoint: '', vendor, model, atMs })?.cost(usage)
      if (theirs === undefined) continue
      if (ours === undefined) {
        found.unpriced++
        fault(writer, `${model} has no price here`)
        continue
      }
      found.compared++
      if (Math.abs(Number(ours) / 1e12 - theirs) > 1e-9 * Math.max(1, theirs)) {
        found.differing++
        fault(writer, `${model}: ${Number(ours) / 1e12} here, ${theirs} there`)
      }
    }
  }
  return found
}

function isEqual(usage: Usage | undefined, figures: Figures): boolean {
  return (
    usage?.inputTotal === figures.plain + figures.cacheRead + figures.cacheWrite5m + figures.cacheWrite1h &&
    (usage.cacheRead ?? 0) === figures.cacheRead &&
    (usage.cacheWrite5m ?? 0) === figures.cacheWrite5m &&
    (usage.cacheWrite1h ?? 0) === figures.cacheWrite1h &&
    usage.outputTotal === figures.output + figures.reasoning &&
    (usage.reasoning ?? 0) === figures.reasoning
  )
}

/** Where the bytes of a stream break off must not matter but for what had not been reported by then. */
function cutEverywhere(bytes: Buffer, writer: Writer, whole: Usage | undefined) {
  const wrong: string[] = []
  for (let end = 1; end < bytes.length; end++) {
    try {
      const { usage } = readBody(bytes.subarray(0, end), writer.dialect)
      const isMore = (name: 'inputTotal' | 'outputTotal' | 'cacheRead'): boolean =>
        (usage?.[name] ?? 0) > (whole?.[name] ?? 0)
      if (isMore('inputTotal') || isMore('outputTotal') || isMore('cacheRead'))
        wrong.push(`cut at ${end}: more than the whole`)
    } catch (thrown) {
      // A line that breaks off with no other before it is half of an object, and is refused as such.
      if (bytes[0] === 123 && !bytes.subarray(0, end).includes(10)) continue
      wrong.push(`cut at ${end}: ${String(thrown)}`)
    }
  }
  return { cuts: bytes.length - 1, wrong }
}

function drawModel(writer: Writer, chance: number): string {
  const models = findProvider({ providerId: writer.catalogue?.[0] ?? 'none' })?.models ?? []
  return models[Math.floor(chance * models.length)]?.id ?? 'some-model'
}

interface CatalogueAsk {
  readonly vendor: string
  readonly form: string
  readonly model: string
  readonly body: object
}

/** `undefined` where the catalogue has no price for the model, or only the statement that nothing is charged. */
function priceByCatalogue({ vendor, form, model, body }: CatalogueAsk): number | undefined {
  const provider = findProvider({ providerId: vendor })
  if (provider === undefined) return undefined
  const { usage } = extractUsage(provider, body, form)
  try {
    const priced = calcPrice(usage, model, { providerId: vendor, timestamp: new Date(atMs) })
    return priced === null || priced.total_price === 0 ? undefined : priced.total_price
  } catch {
    return undefined // It refuses entries that contradict themselves.
  }
}
