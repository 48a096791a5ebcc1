/** What is put in for what cannot be measured here: money of one currency, as numbers, because all of it is an estimate. */
export interface ReturnAssumptions {
  /** Hours a person would have spent on one task, and what an hour costs. */
  readonly hoursPerTask: number
  readonly costPerHour: number
  /** Costs of a handed-over and of a reopened task, and costs of the period that do not depend on the number of tasks. */
  readonly costPerEscalation: number
  readonly costPerReopen: number
  readonly fixedCost: number
  /** How far each of the inputs may be off, as a share of it: 0.2 is a fifth either way. */
  readonly uncertainty: number
}

export interface ArmCount {
  readonly tasks: number
  readonly settled: number
}

export interface ReturnInputs {
  /** Tasks that were given to the system. */
  readonly treated: ArmCount
  /** Tasks kept from it, whose outcome was reached without it; `undefined` without a holdout. */
  readonly holdout: ArmCount | undefined
  readonly escalated: number
  readonly reopened: number
  /** What the models cost, failed attempts included. */
  readonly modelCost: number
  readonly assumptions: ReturnAssumptions
}

export interface ReturnReport {
  /** `incremental` against a holdout; else what it is not. */
  readonly label: 'incremental' | 'gross, not incremental'
  /** Share of settled tasks that would not have been reached without the system; 1 when nothing tells. */
  readonly counterfactual: number
  readonly gain: number
  readonly cost: number
  readonly net: number
  /** net ÷ cost; `undefined` when nothing was spent. */
  readonly ratio: number | undefined
  /** Of the ratio and of the net, at 95 %. */
  readonly interval: { readonly net: Range; readonly ratio: Range | undefined }
  /** Difference of the rates of the two arms, with its interval at 95 % (Newcombe 1998, method 10); absent without a holdout. */
  readonly lift: { readonly value: number; readonly low: number; readonly high: number } | undefined
  /** The three inputs that move the net most: how far it goes when each goes to its own ends. */
  readonly drivers: readonly { readonly input: string; readonly low: number; readonly high: number }[]
}

export interface Range {
  readonly low: number
  readonly high: number
}

/**
 * net = settled × share × hours × cost per hour − models − escalations − reopenings − fixed, where the share that the
 * system itself achieved comes from the holdout: (rate treated − rate held out) ÷ rate treated. The interval joins the
 * interval of the lift with those of the inputs in quadrature: they err independently of each other.
 */
export function estimateReturn(inputs: ReturnInputs): ReturnReport {
  const lift = inputs.holdout === undefined ? undefined : liftOf(inputs.treated, inputs.holdout)
  const rate = rateOf(inputs.treated)
  const shareOf = (difference: number): number => (rate === 0 ? 0 : Math.max(-1, Math.min(1, difference / rate)))
  const counterfactual = lift === undefined ? 1 : shareOf(lift.value)
  const netOf = (changed: Partial<Moves>): number => {
    const moves: Moves = { ...stillMoves, share: counterfactual, ...changed }
    return gainOf(inputs, moves) - costOf(inputs, moves)
  }
  const net = netOf({})
  const { uncertainty } = inputs.assumptions
  const ends: readonly { readonly input: string; readonly low: number; readonly high: number }[] = [
    ...(lift === undefined
      ? []
      : [
          {
            input: 'counterfactual share',
            ...ordered(netOf({ share: shareOf(lift.low) }), netOf({ share: shareOf(lift.high) })),
          },
        ]),
    ...(Object.entries(inputNames) as readonly (readonly [keyof typeof inputNames, string])[]).map(([move, input]) => ({
      input,
      ...ordered(netOf({ [move]: 1 - uncertainty }), netOf({ [move]: 1 + uncertainty })),
    })),
  ]
  const below = Math.hypot(...ends.map(({ low }) => net - low))
  const above = Math.hypot(...ends.map(({ high }) => high - net))
  const cost = costOf(inputs, { ...stillMoves, share: counterfactual })
  const range = { low: net - below, high: net + above }
  return {
    label: lift === undefined ? 'gross, not incremental' : 'incremental',
    counterfactual,
    gain: net + cost,
    cost,
    net,
    ratio: cost === 0 ? undefined : net / cost,
    interval: { net: range, ratio: cost === 0 ? undefined : { low: range.low / cost, high: range.high / cost } },
    lift,
    drivers: ends.toSorted((a, b) => widthOf(b) - widthOf(a) || (a.input < b.input ? -1 : 1)).slice(0, 3),
  }
}

/** Factors on the inputs; the share is taken as it is. */
interface Moves {
  readonly share: number
  readonly hours: number
  readonly wage: number
  readonly models: number
  readonly escalation: number
  readonly reopening: number
  readonly fixed: number
}

const stillMoves: Moves = { share: 1, hours: 1, wage: 1, models: 1, escalation: 1, reopening: 1, fixed: 1 }

const inputNames = {
  hours: 'hours per task',
  wage: 'cost per hour',
  models: 'model cost',
  escalation: 'cost per escalation',
  reopening: 'cost per reopening',
  fixed: 'fixed cost',
} as const

function gainOf({ treated, assumptions }: ReturnInputs, moves: Moves): number {
  return treated.settled * moves.share * assumptions.hoursPerTask * moves.hours * assumptions.costPerHour * moves.wage
}

function costOf(inputs: ReturnInputs, moves: Moves): number {
  const { assumptions } = inputs
  return (
    inputs.modelCost * moves.models +
    inputs.escalated * assumptions.costPerEscalation * moves.escalation +
    inputs.reopened * assumptions.costPerReopen * moves.reopening +
    assumptions.fixedCost * moves.fixed
  )
}

function liftOf(
  treated: ArmCount,
  holdout: ArmCount,
): { readonly value: number; readonly low: number; readonly high: number } {
  const [one, other] = [rateOf(treated), rateOf(holdout)]
  const value = one - other
  const [ours, theirs] = [wilson(treated), wilson(holdout)]
  return {
    value,
    low: value - Math.hypot(one - ours.low, theirs.high - other),
    high: value + Math.hypot(ours.high - one, other - theirs.low),
  }
}

function rateOf({ tasks, settled }: ArmCount): number {
  return tasks === 0 ? 0 : settled / tasks
}

/** 97.5th percentile of the normal distribution. */
const z = 1.959963984540054

/** The interval of a share at 95 % (Wilson 1927); everything when there is no task. */
function wilson({ tasks, settled }: ArmCount): Range {
  if (tasks === 0) return { low: 0, high: 1 }
  const share = settled / tasks
  const middle = share + (z * z) / (2 * tasks)
  const half = z * Math.sqrt((share * (1 - share)) / tasks + (z * z) / (4 * tasks * tasks))
  const scale = 1 + (z * z) / tasks
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) }
}

/** To twelve digits, so that what is equal but for the arithmetic of floats is equal. */
function widthOf({ low, high }: Range): number {
  return Number((high - low).toPrecision(12))
}

function ordered(left: number, right: number): Range {
  return left <= right ? { low: left, high: right } : { low: right, high: left }
}
