import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { shapeCount, termBits } from './features.ts'
import { placesPerBlock, type Head, type HeadGroup } from './heads.ts'
import { neighboursSchema, readNeighbours, writeNeighbours } from './neighbours-file.ts'
import { modelsMax } from './pairs.ts'
import { answerCaseFigureCount, createRouter, type Router, type RouterContent } from './router.ts'

/** Largest router file that is read. */
export const routerBytesMax = 67_108_864

const format = 'strata-router'
/** Changes with what the weights mean: a file of another version is refused, never misread. */
const version = 3

const finite = z.number()
const id = z.string().min(1).max(256)
const headSchema = z.strictObject({
  model: id,
  weights: z.string().max(4_194_304),
  unit: finite.min(0),
  figures: z.array(finite).max(256),
  bias: finite,
})
const groupSchema = z.strictObject({
  mean: z.array(finite).max(256),
  deviation: z.array(finite.positive()).max(256),
  heads: z.array(headSchema).min(1).max(modelsMax),
})
const fileSchema = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  termBits: z.literal(termBits),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  trainedAtMs: z.int().min(0),
  seed: z.int(),
  pairs: z.int().min(1),
  dataHash: z.string().regex(/^[0-9a-f]{64}$/),
  scale: z.strictObject({ least: finite, most: finite }),
  models: z
    .array(
      z.strictObject({
        id,
        labels: z.int().min(0),
        meanQuality: finite.min(0).max(1),
        meanCost: finite.min(0).optional(),
      }),
    )
    .min(2)
    .max(modelsMax),
  weak: id,
  strong: id,
  thresholds: z.strictObject({ question: z.array(finite).max(1_000), answer: z.array(finite).max(1_000) }),
  seen: z.string().max(2_097_152),
  questions: groupSchema,
  answers: z.array(z.strictObject({ reads: id, group: groupSchema })).max(modelsMax),
  neighbours: neighboursSchema.optional(),
})

/**
 * The text of a router file: JSON, its weights deflated. One head is at most 2 bytes a place before deflation. Throws INVALID_REQUEST for a
 * router of which the file would be larger than is read again.
 */
export function writeRouter(content: RouterContent): string {
  const { questions, answers, seen, trainedAtMs, seed, pairs, dataHash, scale, models, weak, strong } = content
  const text = JSON.stringify({
    format,
    version,
    termBits,
    hash: hashContent(content),
    trainedAtMs,
    seed,
    pairs,
    dataHash,
    scale,
    models,
    weak,
    strong,
    thresholds: content.thresholds,
    seen: toSeenBytes(seen).toString('base64'),
    questions: writeGroup(questions),
    answers: [...answers].map(([reads, group]) => ({ reads, group: writeGroup(group) })),
    ...(content.neighbours === undefined ? {} : { neighbours: writeNeighbours(content.neighbours) }),
  })
  const bytes = Buffer.byteLength(text)
  if (bytes <= routerBytesMax) return text
  const what = `the router would have ${bytes} bytes; at most ${routerBytesMax} are read: train on fewer models, or without their answers`
  throw new PlatformError('INVALID_REQUEST', what, { param: 'pairs' })
}

/**
 * Reads a router file. Throws ROUTER_INVALID with the reason for anything that is not one: too large, not JSON, another
 * version, a missing or foreign part, weights of another size, a hash that does not fit.
 */
export function readRouter(bytes: Uint8Array): Router {
  if (bytes.length > routerBytesMax) throw refuse(`it has ${bytes.length} bytes; at most ${routerBytesMax} are read`)
  const value = parse(bytes)
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unexpected'}`)
  }
  const { hash, questions, answers, models, neighbours, ...about } = parsed.data
  const ids = new Set(models.map((model) => model.id))
  if (ids.size !== models.length) throw refuse('a model is listed twice')
  if (!ids.has(about.weak) || !ids.has(about.strong))
    throw refuse('the weak or the strong model is not among its models')
  const content: RouterContent = {
    trainedAtMs: about.trainedAtMs,
    seed: about.seed,
    pairs: about.pairs,
    dataHash: about.dataHash,
    scale: about.scale,
    models: models.map((model) => ({ ...model, meanCost: model.meanCost })),
    weak: about.weak,
    strong: about.strong,
    thresholds: about.thresholds,
    seen: readSeen(about.seen),
    questions: readGroup(questions, { blockCount: 1, figureCount: shapeCount, models: ids }),
    answers: new Map(
      answers.map(({ reads, group }) => [
        reads,
        readGroup(group, { blockCount: 2, figureCount: answerCaseFigureCount, models: ids }),
      ]),
    ),
    neighbours: neighbours === undefined ? undefined : readNeighbours(neighbours, ids),
  }
  for (const model of ids) if (!content.questions.heads.has(model)) throw refuse(`there is no head for ${model}`)
  if (hashContent(content) !== hash) throw refuse('its hash does not fit its content: it was changed or damaged')
  return createRouter(content, hash)
}

/** SHA-256 over everything that decides, and over what is said of it. */
export function hashContent(content: RouterContent): string {
  const { questions, answers, neighbours, ...about } = content
  const hash = createHash('sha256')
  const fields = [
    version,
    termBits,
    about.trainedAtMs,
    about.seed,
    about.pairs,
    about.dataHash,
    about.weak,
    about.strong,
  ]
  hash.update(JSON.stringify([...fields, about.scale.least, about.scale.most]))
  hash.update(JSON.stringify([about.thresholds.question, about.thresholds.answer]))
  hash.update(toSeenBytes(about.seen))
  for (const model of about.models) {
    hash.update(JSON.stringify([model.id, model.labels, model.meanQuality, model.meanCost ?? null]))
  }
  for (const [reads, group] of [['', questions] as const, ...answers]) {
    hash.update(JSON.stringify([reads, [...group.scaling.mean], [...group.scaling.deviation]]))
    for (const [model, head] of group.heads) {
      hash.update(JSON.stringify([model, head.unit, [...head.figureWeights], head.bias]))
      hash.update(toBytes(head.weights))
    }
  }
  if (neighbours !== undefined) hash.update(JSON.stringify(writeNeighbours(neighbours)))
  return hash.digest('hex')
}

function writeGroup(group: HeadGroup): object {
  return {
    mean: [...group.scaling.mean],
    deviation: [...group.scaling.deviation],
    heads: [...group.heads].map(([model, head]) => ({
      model,
      weights: deflateRawSync(toBytes(head.weights), { level: 9 }).toString('base64'),
      unit: head.unit,
      figures: [...head.figureWeights],
      bias: head.bias,
    })),
  }
}

interface Expected {
  readonly blockCount: number
  readonly figureCount: number
  readonly models: ReadonlySet<string>
}

function readGroup(group: z.infer<typeof groupSchema>, expected: Expected): HeadGroup {
  const { blockCount, figureCount } = expected
  if (group.mean.length !== figureCount || group.deviation.length !== figureCount)
    throw refuse('figures of another number')
  const heads = new Map<string, Head>()
  for (const each of group.heads) {
    if (!expected.models.has(each.model)) throw refuse(`a head for ${each.model}, which is not among its models`)
    if (heads.has(each.model)) throw refuse(`two heads for ${each.model}`)
    if (each.figures.length !== figureCount) throw refuse('figures of another number')
    heads.set(each.model, {
      weights: readWeights(each.weights, blockCount * placesPerBlock),
      unit: each.unit,
      figureWeights: Float64Array.from(each.figures),
      bias: each.bias,
    })
  }
  const scaling = { mean: Float64Array.from(group.mean), deviation: Float64Array.from(group.deviation) }
  return { blockCount, scaling, heads }
}

/** Inflates to exactly the size expected: what would become larger is refused before it does. */
function readWeights(text: string, count: number): Int16Array {
  const bytes = inflate(Buffer.from(text, 'base64'), count * 2)
  if (bytes.length !== count * 2) throw refuse('weights of another number')
  const weights = new Int16Array(count)
  for (let place = 0; place < count; place++) weights[place] = bytes.readInt16LE(place * 2)
  return weights
}

function inflate(bytes: Buffer, bytesMax: number): Buffer {
  try {
    return inflateRawSync(bytes, { maxOutputLength: bytesMax })
  } catch (cause) {
    throw refuse('weights that cannot be unpacked', cause)
  }
}

/** Little-endian, whatever the machine. */
function toBytes(weights: Int16Array): Buffer {
  const bytes = Buffer.alloc(weights.length * 2)
  for (const [place, weight] of weights.entries()) bytes.writeInt16LE(weight, place * 2)
  return bytes
}

function toSeenBytes(seen: Uint32Array): Buffer {
  const bytes = Buffer.alloc(seen.length * 4)
  for (const [place, hash] of seen.entries()) bytes.writeUInt32LE(hash, place * 4)
  return bytes
}

function readSeen(text: string): Uint32Array {
  const bytes = Buffer.from(text, 'base64')
  return Uint32Array.from({ length: bytes.length >> 2 }, (_, place) => bytes.readUInt32LE(place * 4))
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw refuse('it is not JSON', cause)
  }
}

function refuse(reason: string, cause?: unknown): PlatformError {
  return new PlatformError('ROUTER_INVALID', `the router is refused: ${reason}`, { cause })
}
