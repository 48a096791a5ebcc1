import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { dimensionsMax, neighboursMax, type Blend, type Neighbours } from './neighbours.ts'
import { modelsMax } from './pairs.ts'

const weight = z.number().min(-10).max(10)

/** The neighbours of a router as they stand in its file. */
export const neighboursSchema = z.strictObject({
  embedder: z.string().min(1).max(256),
  dimensions: z.int().min(1).max(dimensionsMax),
  count: z.int().min(1).max(1_000),
  vectors: z.string().max(67_108_864),
  models: z
    .array(
      z.strictObject({
        model: z.string().min(1).max(256),
        qualities: z.string().max(67_108_864),
        blend: z.strictObject({ head: weight, near: weight.min(0), shift: weight }),
      }),
    )
    .max(modelsMax),
})

type NeighboursFile = z.infer<typeof neighboursSchema>

export function writeNeighbours(neighbours: Neighbours): NeighboursFile {
  const { embedder, dimensions, count, vectors, qualities, blends } = neighbours
  return {
    embedder,
    dimensions,
    count,
    vectors: toBase64(vectors),
    models: [...qualities].map(([model, each]) => ({
      model,
      qualities: toBase64(each),
      blend: blends.get(model) ?? headsAlone,
    })),
  }
}

const headsAlone: Blend = { head: 1, near: 0, shift: 0 }

/** Throws ROUTER_INVALID for parts that do not fit each other, or the router. */
export function readNeighbours(file: NeighboursFile, ids: ReadonlySet<string>): Neighbours {
  const { embedder, dimensions, count } = file
  const vectors = new Int8Array(fromBase64(file.vectors))
  const rows = vectors.length / dimensions
  if (!Number.isInteger(rows) || rows < 1 || rows > neighboursMax) throw refuse('vectors of another number')
  const qualities = new Map<string, Uint8Array>()
  const blends = new Map<string, Blend>()
  for (const each of file.models) {
    if (!ids.has(each.model)) throw refuse(`qualities of ${each.model}, which is not among its models`)
    const known = new Uint8Array(fromBase64(each.qualities))
    if (known.length !== rows || qualities.has(each.model)) throw refuse('qualities of another number')
    qualities.set(each.model, known)
    blends.set(each.model, each.blend)
  }
  return { embedder, dimensions, count, vectors, qualities, blends }
}

function toBase64(bytes: Int8Array | Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64')
}

function refuse(reason: string): PlatformError {
  return new PlatformError('ROUTER_INVALID', `the router is refused: neighbours with ${reason}`)
}
