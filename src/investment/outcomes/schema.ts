import { z } from 'zod'

const name = z.string().regex(/^[a-z0-9][a-z0-9._:-]{0,63}$/i, 'letters, digits and . _ : -; at most 64')
const instant = z.iso.datetime({ offset: true })

/** A kind of outcome: what counts as done, and how long it may be opened again. */
export const kindSchema = z.strictObject({
  id: name,
  reopen_hours: z.int().min(0).max(8_760).default(72).describe('Hours within which a claim may be reopened.'),
  silence: z
    .boolean()
    .default(true)
    .describe('Whether a claim nobody speaks against settles when the window has passed.'),
  holdout_percent: z
    .number()
    .min(0)
    .max(50)
    .default(0)
    .describe('Share of tasks that is kept from the system, for comparison.'),
})

/** Work that was begun for an account. */
export const newOutcomeSchema = z.strictObject({
  id: z.string().min(1).max(200).describe('Your id of the task: the same one again is the same task.'),
  kind: name,
  account: name,
  at: instant.optional().describe('When it was opened; now when absent.'),
  calls: z
    .array(z.string().min(1).max(128))
    .max(1_000)
    .default([])
    .describe('Calls that worked on it, failed ones too.'),
})

export const actSchema = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('claim'), at: instant.optional(), evidence: z.string().max(2_000).optional() }),
  z.strictObject({
    act: z.literal('confirm'),
    by: z.enum(['customer', 'rule']).describe('Who says so.'),
    at: instant.optional(),
    evidence: z.string().max(2_000).optional(),
  }),
  z.strictObject({ act: z.literal('reopen'), at: instant.optional(), reason: z.string().max(2_000).optional() }),
  z.strictObject({ act: z.literal('reverse'), at: instant.optional(), reason: z.string().max(2_000).optional() }),
  z.strictObject({ act: z.literal('escalate'), at: instant.optional(), reason: z.string().max(2_000).optional() }),
  z.strictObject({
    act: z.literal('calls'),
    at: instant.optional(),
    calls: z.array(z.string().min(1).max(128)).min(1).max(1_000),
  }),
])

const amount = z.number().min(0).max(1e12)

export const assumptionsSchema = z.strictObject({
  hours_per_task: amount.describe('Hours a person would have spent on one task.'),
  cost_per_hour: amount.describe('What such an hour costs, in dollars.'),
  cost_per_escalation: amount.default(0),
  cost_per_reopen: amount.default(0),
  fixed_cost: amount.default(0).describe('Costs of the time looked at that do not depend on the number of tasks.'),
  uncertainty: z.number().min(0).max(1).default(0.2).describe('How far each of these may be off, as a share of it.'),
})

export type OutcomeKind = Readonly<z.infer<typeof kindSchema>>
export type NewOutcome = Readonly<z.infer<typeof newOutcomeSchema>>
export type OutcomeActRequest = Readonly<z.infer<typeof actSchema>>
export type Assumptions = Readonly<z.infer<typeof assumptionsSchema>>

/** As the estimate takes them. */
export function toAssumptions(given: Assumptions) {
  return {
    hoursPerTask: given.hours_per_task,
    costPerHour: given.cost_per_hour,
    costPerEscalation: given.cost_per_escalation,
    costPerReopen: given.cost_per_reopen,
    fixedCost: given.fixed_cost,
    uncertainty: given.uncertainty,
  }
}
