import type { BestNode } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Answer, Model } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { Clock } from '../../core/time.ts'
import type { Usage } from '../../core/usage.ts'
import { joinUsage, replayAnswer, sumUsage, throwIfLeft } from './asking.ts'
import { buildSeveral, fault } from './building.ts'
import { buildExamination, type Examination } from './examining.ts'
import { buildJudge, type Judging } from './judging.ts'
import type { KindDeps } from './kind-deps.ts'
import { takeSamples, type Sample } from './sampling.ts'
import { chatTraits, repeatTraits, withHelpers } from './traits.ts'

/** Asks several times and answers with the best: of those that pass the checks, the one that the judge scores highest. */
export function createBestKind(deps: Pick<KindDeps, 'clock' | 'code'>): NodeKind<BestNode> {
  const { clock } = deps
  return {
    key: 'best',
    create({ best }, place) {
      const path = `${place.path}.best`
      const models = buildSeveral(place, best.of, `${path}.of`)
      const samplesMax = best.n ?? (models.length > 1 ? models.length : 4)
      if (samplesMax < models.length)
        throw fault(
          `${path}.n`,
          `${samplesMax} samples do not reach all ${models.length} models; raise n, or name fewer`,
        )
      const examination =
        best.check === undefined ? undefined : buildExamination(deps, best.check, { place, path: `${path}.check` })
      const judging =
        best.judge === undefined ? undefined : buildJudge(clock, best.judge, { place, path: `${path}.judge` })
      const helpers = [...(examination?.helpers ?? []), ...(judging === undefined ? [] : [judging.model.traits])]
      const shares = models.map((model, index) =>
        repeatTraits(model.traits, Math.ceil((samplesMax - index) / models.length)),
      )
      const traits = withHelpers(
        chatTraits(shares, 'all-of'),
        helpers.map((helper) => repeatTraits(helper, samplesMax)),
      )
      const { parallel = 4, temperature } = best
      const options = { clock, models, samplesMax, examination, judging, parallel, temperature }
      return { id: place.id, traits, answer: (request, call) => answerBest(options, request, call) }
    },
  }
}

interface BestOptions {
  readonly clock: Clock
  readonly models: readonly Model[]
  readonly samplesMax: number
  readonly examination: Examination | undefined
  readonly judging: Judging | undefined
  readonly parallel: number
  readonly temperature: number | undefined
}

interface Candidate {
  readonly sample: Sample
  readonly passes: boolean
  /** 0…10; `undefined` when nobody could say. */
  readonly score: number | undefined
}

const scoreMax = 10

async function answerBest(options: BestOptions, request: ChatRequest, call: Call): Promise<Answer> {
  const { judging } = options
  const candidates: Candidate[] = []
  let helped: Usage | undefined
  /** Nothing beats a full score, and without a judge nothing beats passing. */
  const isFound = (): boolean =>
    candidates.some(({ passes, score }) => passes && (judging === undefined || score === scoreMax))
  const { asked, failure, isCut } = await takeSamples(
    { ...options, request, call, detail: (sample) => ({ node: 'best', sample }) },
    {
      wanted: (left) => (isFound() ? 0 : left),
      async onSample(sample) {
        const { candidate, usage } = await weigh(options, sample, { request, call })
        candidates.push(candidate)
        helped = joinUsage(helped, usage)
      },
    },
  )
  throwIfLeft(call)
  const best = candidates.toSorted(compare)[0]
  if (best === undefined) throw failure ?? new PlatformError('INTERNAL', 'no sample came')
  const others = sumUsage(candidates.filter((candidate) => candidate !== best).map(({ sample }) => sample.answer))
  call.note({
    best: { samples: asked, chosen: best.sample.sample, passes: best.passes, score: best.score ?? null },
    ...(isCut && !isFound() ? { cut: { node: 'best', by: failure?.code ?? 'BUDGET_SPENT' } } : {}),
  })
  return replayAnswer(best.sample.answer, joinUsage(others, helped))
}

async function weigh(
  { examination, judging }: BestOptions,
  sample: Sample,
  { request, call }: { readonly request: ChatRequest; readonly call: Call },
): Promise<{ readonly candidate: Candidate; readonly usage: Usage | undefined }> {
  const asked = { request, answer: sample.answer.complete, call }
  const examined = await examination?.examine(asked)
  const passes = examined === undefined || examined.verdict.type === 'pass'
  if (!passes || judging === undefined)
    return { candidate: { sample, passes, score: undefined }, usage: examined?.usage }
  const { score, usage } = await judging.score(asked)
  return { candidate: { sample, passes, score }, usage: joinUsage(examined?.usage, usage) }
}

/** Better first: passing before failing, scored before unscored, earlier before later. */
function compare(left: Candidate, right: Candidate): number {
  if (left.passes !== right.passes) return left.passes ? -1 : 1
  return (right.score ?? -1) - (left.score ?? -1) || left.sample.sample - right.sample.sample
}
