import type { Principal } from '../core/call.ts'
import { regionsAllowed } from '../core/given.ts'
import type { JsonObject } from '../core/json.ts'
import { fromDollars, type Picodollars } from '../core/money.ts'
import { sumDispatches } from '../core/totals.ts'
import {
  toNetworks,
  type AskedAgain,
  type RerunAsked,
  type RerunReport,
  type Scenario,
  type WhatIf,
} from '../investment/what-if/index.ts'
import type { Learning } from '../models/learning/index.ts'
import { readJudgement, toJudgePrompt } from '../tools/evaluation/index.ts'
import { runPrompt, type Prompted } from './ask-model.ts'
import type { FlowParts } from './flow-parts.ts'

interface AgainOptions {
  /** Who asks for the rerun: it is booked on that key, and never on the keys whose calls are sent again. */
  readonly principal: Principal
  /** Names the rerun in the record of each call. */
  readonly run: string
  /** Asked instead of the model that was asked then. */
  readonly model: string | undefined
  /** Other trees, by the name of the model that they take the place of. */
  readonly networks: JsonObject
}

interface JudgeOptions {
  readonly model: string
  readonly criteria: string
  readonly toPrompt: (asked: { readonly prompt: string; readonly answer: string; readonly criteria: string }) => string
  readonly readScore: (text: string) => number | undefined
}

export interface RunAgain {
  readonly usd: string
  readonly calls: number
  readonly seed: number
  readonly model?: string | undefined
  readonly judge?: { readonly model: string; readonly criteria: string } | undefined
  readonly principal: Principal
  readonly span: Parameters<WhatIf['rerun']>[0]
  readonly scenario: Scenario
}

interface RunParts {
  readonly flow: FlowParts
  readonly whatIf: WhatIf
  readonly learning: Learning
}

/** Sends a sample of recorded calls again. The id names the run in the record of each call that it makes. */
export async function runAgain(
  { flow, whatIf, learning }: RunParts,
  asked: RunAgain,
): Promise<{ readonly run: string; readonly report: RerunReport }> {
  const { principal, span, seed, judge } = asked
  const run = flow.ids.create('rerun')
  // Names are looked up before anything is sent.
  for (const name of [asked.model, judge?.model]) if (name !== undefined) flow.models.resolve(name, principal)
  const networks = toNetworks(asked.scenario)
  for (const network of Object.values(networks)) flow.models.compose(network, principal)
  const judging = judge === undefined ? undefined : { ...judge, toPrompt: toJudgePrompt, readScore: readJudgement }
  const report = await whatIf.rerun(span, {
    seed,
    limits: { usd: fromDollars(asked.usd) ?? 0n, calls: asked.calls },
    findContents: (tenant, callIds) => learning.feedback.contents(tenant, callIds),
    ...createAskAgain({ flow }, { principal, run, model: asked.model, networks }, judging),
  })
  return { run, report }
}

/** Ways to send recorded requests again, and to have answers judged: through the same flow as over HTTP, within what is left. */
function createAskAgain(
  parts: { readonly flow: FlowParts },
  options: AgainOptions,
  judge: JudgeOptions | undefined,
): Pick<RerunAsked, 'ask' | 'judge'> {
  const { model: instead, networks } = options
  return {
    ask({ root, prompt, left }) {
      const network = instead === undefined && Object.hasOwn(networks, root.name) ? networks[root.name] : undefined
      const useCase = root.detail?.['use_case']
      return send(parts.flow, options, {
        model: instead ?? root.name,
        prompt,
        left,
        network,
        // What was said then goes nowhere now where it could not go then.
        regions: regionsAllowed(root),
        useCase: typeof useCase === 'string' ? useCase : undefined,
      })
    },
    judge:
      judge === undefined
        ? undefined
        : async ({ root, prompt, answer, left, bounds }) => {
            const question = judge.toPrompt({ prompt, answer, criteria: judge.criteria })
            const asked = { model: judge.model, prompt: question, left, bounds, regions: regionsAllowed(root) }
            const { text, cost } = await send(parts.flow, options, asked)
            return { score: text === undefined ? undefined : judge.readScore(text), cost }
          },
  }
}

interface Sent extends Pick<Prompted, 'model' | 'prompt' | 'regions' | 'useCase' | 'network' | 'bounds'> {
  readonly left: Picodollars
}

async function send(flow: FlowParts, { principal, run }: AgainOptions, sent: Sent): Promise<AskedAgain> {
  const { left, ...prompted } = sent
  const { complete, error, facts, bounds } = await runPrompt(labelled(flow, principal, run), {
    ...prompted,
    face: 'what-if',
    limits: { amounts: { usd: left }, ms: undefined },
    oversight: 'exempt', // nobody is decided about
  })
  const { cost, usage } = sumDispatches(facts)
  const isSent = facts.some(({ kind, detail }) => kind === 'dispatch' && detail?.['sent'] !== false)
  const spent = cost ?? (isSent && (error === undefined || usage !== undefined) ? undefined : 0n)
  return { text: complete?.text, errorCode: error?.code, cost: spent, latencyMs: facts.at(-1)?.durationMs ?? 0, bounds }
}

/** Each call says of itself that it is one of a rerun. */
function labelled(flow: FlowParts, principal: Principal, run: string): FlowParts {
  return {
    ...flow,
    identity: { authenticate: () => principal },
    admission: {
      labels(who, asked) {
        const labels = flow.admission.labels(who, asked)
        return { ...labels, record: { ...labels.record, what_if: run } }
      },
      require: (labels, means) => flow.admission.require(labels, means),
      narrow: (outer, inner) => flow.admission.narrow(outer, inner),
    },
  }
}
