import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinToolCallId, openProof, sealProof, splitToolCallId, type ProofForm } from './signature.ts'

const google: ProofForm = { origin: 'google', namespace: 'google', fields: ['thoughtSignature'] }
const bedrock: ProofForm = { origin: 'bedrock', namespace: 'bedrock', fields: ['signature', 'redactedData'] }

const signature = fc.string({ minLength: 1, unit: 'binary' })
const proofs = fc.option(
  signature.map((thoughtSignature) => ({ thoughtSignature })),
  { nil: undefined },
)
/** Ids of any kind, and ids that look as if they were sealed already. */
const ids = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string().map((id) => `strata-seal_${id}`),
  fc.tuple(fc.string(), proofs).map(([id, proof]) => joinToolCallId(id, google, proof)),
)

describe('a signed id', () => {
  test('gives back exactly what was joined', () => {
    fc.assert(
      fc.property(ids, proofs, (id, proof) => {
        expect(splitToolCallId(joinToolCallId(id, google, proof), google)).toEqual({ id, proof })
      }),
    )
  })

  test('is made of letters, digits, dash and underscore, and an id without proof stays as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), signature, (id, thoughtSignature) => {
        expect(joinToolCallId(id, google, { thoughtSignature })).toMatch(/^[a-zA-Z0-9_-]+$/)
        if (!id.startsWith('strata-seal_')) expect(joinToolCallId(id, google, undefined)).toBe(id)
      }),
    )
  })

  test('shows its proof to the vendor that made it, and to no other', () => {
    const joined = joinToolCallId('call_1', google, { thoughtSignature: 'signed' })
    expect(splitToolCallId(joined, bedrock)).toEqual({ id: 'call_1', proof: undefined })
    expect(splitToolCallId(joined, undefined)).toEqual({ id: 'call_1', proof: undefined })
  })

  test('that a client made up carries nothing but the texts a proof may be made of', () => {
    const forged = { thoughtSignature: 'signed', serverToolCallId: 'x', cachedContent: 'of-somebody-else' }
    const joined = joinToolCallId('call_1', google, forged)
    expect(splitToolCallId(joined, google).proof).toEqual({ thoughtSignature: 'signed' })
    for (const id of ['strata-seal_', 'strata-seal_%%%', `strata-seal_${'A'.repeat(200_000)}`]) {
      expect(splitToolCallId(id, google)).toEqual({ id, proof: undefined })
    }
  })
})

describe('a sealed thought', () => {
  test('is opened by the vendor that signed it alone', () => {
    fc.assert(
      fc.property(signature, (text) => {
        const sealed = sealProof(bedrock, { signature: text })
        expect(openProof(bedrock, sealed)).toEqual({ signature: text })
        expect(openProof(google, sealed)).toBeUndefined()
        expect(openProof(undefined, sealed)).toBeUndefined()
      }),
    )
    expect(openProof(bedrock, 'ErcBCkgIBhABGAIiQ==')).toBeUndefined()
    expect(openProof(bedrock, undefined)).toBeUndefined()
  })
})
