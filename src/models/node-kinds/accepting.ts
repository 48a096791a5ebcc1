import type { AcceptConfig } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Model, Traits } from '../../core/model.ts'
import type { NodePlace } from '../../core/node-kind.ts'
import type { Usage } from '../../core/usage.ts'
import { createBallot, type KeyKind } from '../answers/index.ts'
import { toPromptText } from '../learning/index.ts'
import { gatherChild, joinUsage, sumUsage, throwIfLeft, type WholeAnswer } from './asking.ts'
import { buildChat, buildEmbedder, fault, type Embedder } from './building.ts'
import { describeCertificate, findThreshold, type WantedGuarantee } from './certified.ts'
import { toEmbedText } from './embedding.ts'
import { buildExamination, type Examination } from './examining.ts'
import type { KindDeps } from './kind-deps.ts'
import { requireGuarantee, requireRouter } from './route-learned.ts'
import { takeSamples, type Sample } from './sampling.ts'
import { repeatTraits, withHelpers } from './traits.ts'
import type { PlatformError } from '../../core/errors.ts'

/** One step of a cascade that may keep its answer. */
export interface Step {
  readonly model: Model
  /** Of the answer and of all that tests it. */
  readonly traits: Traits
  run(asked: StepRequest): Promise<StepResult>
}

export interface StepRequest {
  readonly request: ChatRequest
  readonly call: Call
  readonly step: number
}

export interface StepResult {
  /** The answer that would be kept; `undefined` when none came. */
  readonly answer: WholeAnswer | undefined
  readonly accepted: boolean
  /** What was spent beside that answer. */
  readonly others: Usage | undefined
  readonly failure: PlatformError | undefined
  /** For the record: which test decided, and how near it was. */
  readonly said: JsonObject
}

export interface StepPlace {
  readonly place: NodePlace
  readonly path: string
  readonly guarantee: WantedGuarantee | undefined
}

export interface StepOptions {
  readonly model: Model
  readonly config: AcceptConfig
  readonly at: StepPlace
}

/** A step with the tests of its answer. Throws CONFIG_INVALID. */
export function buildStep(deps: KindDeps, { model, config, at }: StepOptions): Step {
  const agreeing = config.agreement === undefined ? undefined : buildAgreement(config.agreement, model, at)
  const examination =
    config.check === undefined
      ? undefined
      : buildExamination(deps, config.check, { place: at.place, path: `${at.path}.check` })
  const learned = buildLearned(deps, config, { at, model })
  const answering = agreeing === undefined ? model.traits : agreeing.traits
  const traits = withHelpers(answering, examination?.helpers ?? [])
  const parts: StepParts = { deps, model, agreeing, examination, learned }
  return { model, traits, run: (asked) => runStep(parts, asked) }
}

interface StepParts {
  readonly deps: KindDeps
  readonly model: Model
  readonly agreeing: Agreeing | undefined
  readonly examination: Examination | undefined
  readonly learned: Learned | undefined
}

async function runStep(parts: StepParts, asked: StepRequest): Promise<StepResult> {
  const { agreeing, examination, learned } = parts
  const first = agreeing === undefined ? await askOnce(parts, asked) : await askSeveral(parts, agreeing, asked)
  if (first.answer === undefined || !first.accepted) return first
  const { complete } = first.answer
  const said = { ...first.said }
  // A call of a tool is a step on the way: what it brings back will be judged with the rest.
  const verdict = complete.toolCalls.length > 0 ? undefined : learned?.decide(asked.request, complete.text)
  if (verdict !== undefined) Object.assign(said, { learned: verdict.said })
  if (verdict?.accepted === false) return { ...first, accepted: false, said }
  const examined = await examination?.examine({ request: asked.request, answer: complete, call: asked.call })
  if (examined === undefined) return { ...first, said }
  const failed = examined.verdict.type === 'fail' ? { failed: examined.verdict.check } : {}
  return {
    ...first,
    accepted: examined.verdict.type === 'pass',
    others: joinUsage(first.others, examined.usage),
    said: { ...said, ...failed },
  }
}

async function askOnce({ deps, model }: StepParts, { request, call, step }: StepRequest): Promise<StepResult> {
  const detail = { node: 'cascade', step }
  const gathered = await gatherChild({ clock: deps.clock, child: model, request, call, detail }).result
  throwIfLeft(call)
  if (gathered.type === 'failed')
    return {
      answer: undefined,
      accepted: false,
      others: undefined,
      failure: gathered.error,
      said: { failed: gathered.error.code },
    }
  return { answer: gathered.answer, accepted: true, others: undefined, failure: undefined, said: {} }
}

interface Agreeing {
  readonly models: readonly Model[]
  readonly atLeast: number
  readonly kind: KeyKind
  readonly embedder: Embedder | undefined
  readonly traits: Traits
}

function buildAgreement(
  agreement: NonNullable<AcceptConfig['agreement']>,
  model: Model,
  { place, path: base }: StepPlace,
): Agreeing {
  const path = `${base}.agreement`
  const others = (agreement.with ?? []).map((other, index) => buildChat(place, other, `${path}.with[${index}]`))
  const own = agreement.n ?? (others.length > 0 ? 1 : 2)
  const models = [...Array.from({ length: own }, () => model), ...others]
  const atLeast = agreement.atLeast ?? models.length
  if (models.length < 2)
    throw fault(`${path}.n`, 'one answer agrees with nobody; ask for 2 or more, or name other models')
  if (atLeast > models.length)
    throw fault(`${path}.atLeast`, `${atLeast} of ${models.length} answers cannot agree; lower it, or raise n`)
  const kind = agreement.key ?? 'answer'
  if ((kind === 'semantic') !== (agreement.embedder !== undefined))
    throw fault(`${path}.embedder`, 'the key semantic and an embedder go together; give both or neither')
  const embedder =
    agreement.embedder === undefined ? undefined : buildEmbedder(place, agreement.embedder, `${path}.embedder`)
  const helpers = others.map(({ traits }) => traits)
  const embeds = embedder === undefined ? [] : [repeatTraits(embedder.traits, models.length)]
  // The answer kept may be one of the others', so that all of them have to take what the request holds.
  const traits = withHelpers(repeatTraits(model.traits, own), [...helpers, ...embeds])
  return { models, atLeast, kind, embedder, traits }
}

async function askSeveral(
  { deps }: StepParts,
  { models, atLeast, kind, embedder }: Agreeing,
  { request, call, step }: StepRequest,
): Promise<StepResult> {
  const samples: Sample[] = []
  const embed = embedder === undefined ? undefined : toEmbedText(embedder, call)
  const ballot = createBallot<Sample>({ kind, answerOf: (sample) => sample.answer.complete, embed })
  const largest = (): number => ballot.clusters()[0]?.items.length ?? 0
  const sampling = { clock: deps.clock, models, request, call, temperature: undefined, samplesMax: models.length }
  const end = await takeSamples(
    { ...sampling, parallel: models.length, detail: (sample) => ({ node: 'cascade', step, sample }) },
    {
      // Enough agree, or too few can.
      wanted: (left) => (largest() >= atLeast || largest() + left < atLeast ? 0 : left),
      async onSample(sample) {
        samples.push(sample)
        await ballot.add(sample)
      },
    },
  )
  const chosen = ballot.clusters()[0]?.items[0] ?? samples[0]
  const others = sumUsage(samples.filter((sample) => sample !== chosen).map(({ answer }) => answer))
  const said = { agree: largest(), of: samples.length }
  return { answer: chosen?.answer, accepted: largest() >= atLeast, others, failure: end.failure, said }
}

interface Learned {
  /** `undefined` never: a router that cannot read the answer does not accept it. */
  decide(request: ChatRequest, answer: string): { readonly accepted: boolean; readonly said: JsonObject }
}

function buildLearned(
  deps: KindDeps,
  { learned: name, threshold }: AcceptConfig,
  { at, model }: { readonly at: StepPlace; readonly model: Model },
): Learned | undefined {
  const { path, guarantee } = at
  if (name === undefined) {
    if (threshold === undefined) return undefined
    throw fault(`${path}.threshold`, 'a threshold is that of a learned router; add learned, or remove it')
  }
  const router = requireRouter(deps, name, `${path}.learned`)
  if (!router.judges.includes(router.weak)) {
    throw fault(
      `${path}.learned`,
      `the router "${name}" was trained without answers of ${router.weak}, so it cannot read them`,
    )
  }
  requireGuarantee(guarantee, { path: at.place.path, isAsked: threshold === 'certified' })
  if (guarantee !== undefined && typeof threshold === 'number')
    throw fault(`${path}.threshold`, 'a guarantee sets the threshold; write certified, or remove the guarantee')
  return { decide: (request, answer) => decideLearned({ deps, name, threshold, guarantee, model }, request, answer) }
}

interface LearnedTest {
  readonly deps: KindDeps
  readonly name: string
  readonly threshold: number | 'certified' | undefined
  readonly guarantee: WantedGuarantee | undefined
  readonly model: Model
}

function decideLearned(
  { deps, name, threshold, guarantee, model }: LearnedTest,
  request: ChatRequest,
  answer: string,
): { readonly accepted: boolean; readonly said: JsonObject } {
  const shelved = deps.routers?.find(name)
  if (shelved === undefined) return { accepted: false, said: { name, reason: 'the router is gone' } }
  const { router } = shelved
  const read = router.judges.includes(model.id) ? model.id : router.weak
  const scores = router.scoreAnswer(toPromptText(request.chat), { model: read, answer })
  if (scores === undefined) return { accepted: false, said: { name, reason: 'the router does not read this answer' } }
  const gain = scores.strong - scores.answer
  const about = { name, router: router.hash.slice(0, 16), gain: Math.round(gain * 10_000) / 10_000 }
  if (guarantee === undefined) {
    const most = typeof threshold === 'number' ? threshold : 0
    return { accepted: gain < most, said: about }
  }
  const found = findThreshold(shelved, 'answer', guarantee)
  if (found.type === 'none') return { accepted: false, said: { ...about, uncertified: found.reason } }
  return { accepted: gain < found.threshold, said: { ...about, certificate: describeCertificate(found.certificate) } }
}
