import {
  checkCertificate,
  type Certificate,
  type Guarantee,
  type Router,
  type RouterInForce,
  type RouterPolicy,
} from '../learning/index.ts'

/** `guarantee` of the configuration. */
export interface WantedGuarantee {
  readonly maxQualityLoss: number
  readonly confidence: number
}

export type Threshold =
  | { readonly type: 'certified'; readonly threshold: number; readonly certificate: Certificate }
  | { readonly type: 'none'; readonly reason: string }

/** The threshold that keeps the guarantee, by the certificate in force. */
export function findThreshold(
  { router, certificate }: RouterInForce,
  stage: RouterPolicy['stage'],
  wanted: WantedGuarantee,
): Threshold {
  if (certificate === undefined) return { type: 'none', reason: 'there is no certificate in force' }
  // Confidence is written as 1 - delta, which is a float: 0.1 is meant by 1 - 0.9.
  const delta = Math.round((1 - wanted.confidence) * 1e9) / 1e9
  const guarantee: Guarantee = { epsilon: wanted.maxQualityLoss, delta, loss: 'net' }
  const verdict = checkCertificate(certificate, { policy: toPolicy(router, stage), guarantee })
  return verdict.type === 'void'
    ? { type: 'none', reason: verdict.reason }
    : { type: 'certified', threshold: certificate.threshold, certificate }
}

/** What an answer says of the certificate it came under. */
export function describeCertificate({ epsilon, delta, loss, labels, judge, policyHash, issuedAt }: Certificate) {
  return { epsilon, delta, loss, labels, judge, policyHash, issuedAt }
}

function toPolicy({ hash, weak, strong }: Router, stage: RouterPolicy['stage']): RouterPolicy {
  return { router: hash, stage, weak, strong }
}
