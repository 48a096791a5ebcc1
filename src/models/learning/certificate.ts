import { createHash } from 'node:crypto'
import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { hashPolicy, type Guarantee, type RouterPolicy } from './certify.ts'

const name = z.string().min(1).max(256)
const hex = z.string().regex(/^[0-9a-f]{64}$/)

const certificateSchema = z.strictObject({
  format: z.literal('strata-certificate'),
  version: z.literal(1),
  /** Bound on the expected quality loss against the reference, in shares of the quality scale. */
  epsilon: z.number().gt(0).lt(1),
  /** Chance that the bound does not hold. */
  delta: z.number().gt(0).lt(1),
  loss: z.enum(['net', 'one-sided']),
  /** Cases judged on, and how many of them had to be labelled; the others go to the reference in any case. */
  cases: z.int().min(1),
  labels: z.int().min(0),
  /** Who judged the answers. */
  judge: name,
  test: z.enum(['exact-binomial', 'exact-ternary', 'betting']),
  pValue: z.number().min(0).max(1),
  meanLoss: z.number().min(-1).max(1),
  strongShare: z.number().min(0).max(1),
  policy: z.strictObject({ router: hex, stage: z.enum(['question', 'answer']), weak: name, strong: name }),
  policyHash: hex,
  /** A prompt whose gain is at least this goes to the strong model. */
  threshold: z.number(),
  issuedAt: z.iso.datetime(),
  hash: hex,
})

/**
 * What is certified, for which policy, from what. `hash` is over all the rest. It speaks for prompts of the kind it was
 * issued on, as its judge judges.
 */
export type Certificate = Readonly<z.infer<typeof certificateSchema>>

export type CertificateBody = Omit<Certificate, 'format' | 'version' | 'policyHash' | 'hash'>

export function createCertificate(body: CertificateBody): Certificate {
  const known = { format: 'strata-certificate', version: 1, ...body, policyHash: hashPolicy(body.policy) } as const
  return { ...known, hash: hashCertificate(known) }
}

/** Reads the text of a certificate. Throws CERTIFICATE_INVALID with the reason. */
export function readCertificate(text: string): Certificate {
  const parsed = certificateSchema.safeParse(parse(text))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unexpected'}`)
  }
  const { hash, ...rest } = parsed.data
  if (hashPolicy(rest.policy) !== rest.policyHash) throw refuse('its policy hash does not fit its policy')
  if (hashCertificate(rest) !== hash) throw refuse('its hash does not fit its content: it was changed or damaged')
  if (rest.pValue > rest.delta) throw refuse('its p-value is above its delta: it certifies nothing')
  return parsed.data
}

export type CertificateVerdict = { readonly type: 'holds' } | { readonly type: 'void'; readonly reason: string }

/** Whether a certificate speaks of this policy and gives what the guarantee asks, on its paper; drift is watched apart. */
export function checkCertificate(
  certificate: Certificate,
  wanted: { readonly policy: RouterPolicy; readonly guarantee: Guarantee },
): CertificateVerdict {
  const { policy, guarantee } = wanted
  if (hashPolicy(policy) !== certificate.policyHash) return toVoid('it was issued for another router, model or stage')
  if (certificate.loss === 'net' && guarantee.loss === 'one-sided') return toVoid('it bounds the net loss only')
  if (certificate.epsilon > guarantee.epsilon) {
    return toVoid(`it bounds the loss by ${certificate.epsilon}, not by ${guarantee.epsilon}`)
  }
  if (certificate.delta > guarantee.delta) {
    return toVoid(`its confidence is ${1 - certificate.delta}, not ${1 - guarantee.delta}`)
  }
  return { type: 'holds' }
}

function toVoid(reason: string): CertificateVerdict {
  return { type: 'void', reason }
}

function hashCertificate(certificate: Omit<Certificate, 'hash'>): string {
  const { policy, ...rest } = certificate
  const fields = Object.entries({ ...rest, ...policy }).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new PlatformError('CERTIFICATE_INVALID', 'the certificate is refused: it is not JSON', { cause })
  }
}

function refuse(reason: string): PlatformError {
  return new PlatformError('CERTIFICATE_INVALID', `the certificate is refused: ${reason}`)
}
