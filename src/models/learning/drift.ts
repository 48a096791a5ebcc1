import type { Certificate } from './certificate.ts'
import { softplus } from './logistic.ts'

/** Watches one certificate against what is seen since it was issued. */
export interface DriftWatch {
  /**
   * Takes one judged case of the shadow stream: its loss against the reference under the certified policy, −1…1 (0 where
   * the policy chose the reference). What has been withdrawn stays withdrawn.
   */
  observe(loss: number): DriftState
  readonly state: DriftState
}

export interface DriftState {
  readonly type: 'holds' | 'withdrawn'
  readonly seen: number
  /** Mean loss of the cases seen; `undefined` before the first. */
  readonly meanLoss: number | undefined
  /** Evidence that the loss has risen above the bound; withdrawn when it reaches `alarmEvery`. */
  readonly evidence: number
}

export interface DriftOptions {
  readonly certificate: Pick<Certificate, 'epsilon' | 'loss'>
  /** Judged cases between two false alarms, on average at least, while the bound holds. */
  readonly alarmEvery: number
  /** State to go on from, as `save` gave it. */
  readonly saved?: DriftSave | undefined
}

/** What has to be kept to go on watching after a restart. */
export interface DriftSave {
  readonly seen: number
  readonly sum: number
  /** ln of the evidence of each gambler; `null` for none yet. */
  readonly logs: readonly (number | null)[]
  readonly isWithdrawn: boolean
}

const gamblerCount = 20

/**
 * The Shiryaev-Roberts e-detector (Shin, Ramdas & Rinaldo, arXiv 2203.03532): gamblers stake constant shares on the loss
 * being above ε, a new one of each kind with every case, so that a change is found as soon after a long good time as
 * after a short one. It withdraws for good.
 */
export function createDriftWatch(options: DriftOptions): DriftWatch & { save(): DriftSave } {
  const { certificate, alarmEvery, saved } = options
  const { epsilon } = certificate
  const least = certificate.loss === 'net' ? -1 : 0
  const stakeMax = 1 / (epsilon - least)
  const logs = Array.from({ length: gamblerCount }, (_, gambler) => saved?.logs[gambler] ?? Number.NEGATIVE_INFINITY)
  let seen = saved?.seen ?? 0
  let sum = saved?.sum ?? 0
  let isWithdrawn = saved?.isWithdrawn ?? false
  const readEvidence = (): number => logs.reduce((total, log) => total + Math.exp(log), 0) / logs.length
  const read = (): DriftState => ({
    type: isWithdrawn ? 'withdrawn' : 'holds',
    seen,
    meanLoss: seen === 0 ? undefined : sum / seen,
    evidence: readEvidence(),
  })
  return {
    get state() {
      return read()
    },
    observe(given) {
      const loss = Math.max(least, Math.min(1, given))
      seen++
      sum += loss
      for (let gambler = 0; gambler < logs.length; gambler++) {
        const stake = stakeMax * 0.97 * ((gambler + 1) / gamblerCount) ** 2
        logs[gambler] = softplus(logs[gambler] ?? 0) + Math.log1p(stake * (loss - epsilon))
      }
      isWithdrawn ||= readEvidence() >= alarmEvery
      return read()
    },
    save: () => ({ seen, sum, logs: logs.map((log) => (Number.isFinite(log) ? log : null)), isWithdrawn }),
  }
}
