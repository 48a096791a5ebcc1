import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { JsonObject } from '../../../core/json.ts'
import { toIso } from '../../../core/time.ts'
import { isSigned, type Detection } from '../../../governance/index.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, toSignal } from './operation.ts'

const question = z.strictObject({
  text: z.string().min(1).max(1_000_000).describe('The text that is asked about.'),
  provenance: z
    .record(z.string(), z.json())
    .optional()
    .describe('What stood in `strata.provenance` beside it, to check its signature.'),
})

/** Whether a text was generated here, and what provenance is signed with. */
export function markRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/marks/detect',
      access: 'marks:detect',
      summary: 'Whether a text was generated here for the tenant, edited or not, and whether a provenance holds.',
      body: question,
      answer: async ({ parts, principal, body: { text, provenance }, exchange }) => {
        const found = await parts.marks.detect(principal.tenant, text, toSignal(exchange))
        const signed = provenance === undefined ? {} : { provenance: check(parts.signer.publicKey, provenance, text) }
        return { status: 200, body: { ...toDetectionJson(found, parts.marks.scheme), ...signed } }
      },
    }),
    operation(getParts, {
      method: 'GET',
      path: '/v1/marks/key',
      access: 'marks:detect',
      summary: 'The public key that provenance is signed with.',
      answer: async ({ parts }) => ({
        status: 200,
        body: { object: 'marks.key', alg: 'Ed25519', public_key: parts.signer.publicKey },
      }),
    }),
  ]
}

function toDetectionJson({ verdict, words, matches }: Detection, scheme: string): JsonObject {
  return {
    object: 'marks.detection',
    scheme,
    verdict,
    words,
    matches: matches.map(({ call, model, useCase, atMs, shared, share }) => {
      return { call, model, use_case: useCase ?? null, at: toIso(atMs), shared, share }
    }),
    notice: '`unknown` does not say that people wrote it: only what was generated here for this tenant is on record.',
  }
}

function check(publicKey: string, provenance: JsonObject, text: string): JsonObject {
  const isOfKey = isSigned(provenance, publicKey)
  const isUnchanged = isOfKey && provenance['sha256'] === createHash('sha256').update(text).digest('hex')
  return { signed_here: isOfKey, text_unchanged: isUnchanged }
}
