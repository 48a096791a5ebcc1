import { toFailure } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Embedder } from './building.ts'

/** Embeds one text, under a call of its own. */
export function toEmbedText(embedder: Embedder, call: Call): (text: string) => Promise<readonly number[]> {
  return async (text) => {
    const child = call.child({ kind: 'model', name: embedder.id })
    const detail = { node: 'embedding' }
    try {
      const { vectors } = await embedder.embed({ model: embedder.id, inputs: [text], dimensions: undefined }, child)
      const [vector] = vectors
      if (vector === undefined) throw new PlatformError('UPSTREAM_INVALID', `${embedder.id} gave no vector`)
      child.end({ status: 'ok', detail })
      return vector
    } catch (thrown) {
      child.end({ ...toFailure(thrown), detail })
      throw thrown
    }
  }
}
