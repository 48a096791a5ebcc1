import type { VerifyNode } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import { withChat, type ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Answer, Model } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { Clock } from '../../core/time.ts'
import type { Usage } from '../../core/usage.ts'
import { gatherChild, joinUsage, replayAnswer, throwIfLeft, type WholeAnswer } from './asking.ts'
import { buildChat } from './building.ts'
import { buildExamination, type Examination, type Examined } from './examining.ts'
import type { KindDeps } from './kind-deps.ts'
import { isPassedOn } from './passing.ts'
import { toTurn, userTurn } from './transcript.ts'
import { chatTraits, repeatTraits, withHelpers } from './traits.ts'

/** Checks an answer before it leaves; one that fails is mended, then asked of a stronger model. */
export function createVerifyKind(deps: Pick<KindDeps, 'clock' | 'code'>): NodeKind<VerifyNode> {
  const { clock } = deps
  return {
    key: 'verify',
    create({ verify }, place) {
      const path = `${place.path}.verify`
      const model = buildChat(place, verify.use, `${path}.use`)
      const stronger = verify.escalate === undefined ? undefined : buildChat(place, verify.escalate, `${path}.escalate`)
      const examination = buildExamination(deps, verify.check, { place, path: `${path}.check` })
      const repairs = verify.repairs ?? 1
      const own = repeatTraits(model.traits, 1 + repairs)
      const answering = chatTraits(stronger === undefined ? [own] : [own, stronger.traits], 'all-of')
      const tries = 1 + repairs + (stronger === undefined ? 0 : 1)
      const traits = withHelpers(
        answering,
        examination.helpers.map((helper) => repeatTraits(helper, tries)),
      )
      const options = { clock, model, stronger, examination, repairs, passes: verify.otherwise === 'pass' }
      return { id: place.id, traits, answer: (request, call) => answerVerified(options, request, call) }
    },
  }
}

interface VerifyOptions {
  readonly clock: Clock
  readonly model: Model
  readonly stronger: Model | undefined
  readonly examination: Examination
  readonly repairs: number
  /** Whether an answer that fails to the end is passed on. */
  readonly passes: boolean
}

/** What has come so far. */
interface Progress {
  /** The last answer, and why it failed. */
  failed:
    | { readonly answer: WholeAnswer; readonly verdict: Examined['verdict'] & { readonly type: 'fail' } }
    | undefined
  error: PlatformError | undefined
  spent: Usage | undefined
  tries: number
}

async function answerVerified(options: VerifyOptions, request: ChatRequest, call: Call): Promise<Answer> {
  const { model, stronger, repairs } = options
  const progress: Progress = { failed: undefined, error: undefined, spent: undefined, tries: 0 }
  for (let repair = 0; repair <= repairs; repair++) {
    const asked = progress.failed === undefined ? request : toRepair(request, progress.failed)
    const passed = await tryOnce(options, { model, asked, request, call, progress })
    if (passed !== undefined) return passed
    if (progress.error !== undefined) break
  }
  if (stronger !== undefined) {
    const passed = await tryOnce(options, { model: stronger, asked: request, request, call, progress })
    if (passed !== undefined) return passed
  }
  const { failed, error, tries } = progress
  if (failed === undefined) throw error ?? new PlatformError('INTERNAL', 'nothing was tried')
  const cut = error === undefined ? {} : { cut: { node: 'verify', by: error.code } }
  call.note({ verify: { tries, failed: failed.verdict.check }, ...cut })
  if (options.passes) return replayAnswer(failed.answer, progress.spent)
  throw new PlatformError('ANSWER_REFUSED', `no answer passed the check ${failed.verdict.check} in ${tries} tries`, {
    details: { check: failed.verdict.check, tries },
  })
}

interface Try {
  readonly model: Model
  readonly asked: ChatRequest
  /** What the client asked, which the answer is checked against. */
  readonly request: ChatRequest
  readonly call: Call
  readonly progress: Progress
}

/** One answer, checked; `undefined` when it did not come or did not pass. */
async function tryOnce({ clock, examination }: VerifyOptions, attempt: Try): Promise<Answer | undefined> {
  const { model, asked, request, call, progress } = attempt
  const detail = { node: 'verify', try: progress.tries++ }
  const gathered = await gatherChild({ clock, child: model, request: asked, call, detail }).result
  throwIfLeft(call)
  if (gathered.type === 'failed') {
    progress.error = gathered.error
    if (!isPassedOn(gathered.error.code) && progress.failed === undefined) throw gathered.error
    return undefined
  }
  const { answer } = gathered
  const { verdict, usage } = await examination.examine({ request, answer: answer.complete, call })
  throwIfLeft(call)
  progress.error = undefined
  add(progress, usage)
  // What failed before is among what was spent on the one that passes.
  if (progress.failed !== undefined) add(progress, progress.failed.answer.complete.usage)
  if (verdict.type === 'pass') {
    if (progress.tries > 1) call.note({ verify: { tries: progress.tries } })
    return replayAnswer(answer, progress.spent)
  }
  progress.failed = { answer, verdict }
  return undefined
}

function add(progress: Progress, usage: Usage | undefined): void {
  progress.spent = joinUsage(progress.spent, usage)
}

/** The request again, with the answer that failed and why it did. */
function toRepair(request: ChatRequest, { answer, verdict }: NonNullable<Progress['failed']>): ChatRequest {
  const { chat } = request
  const words = `${verdict.reason}\nGive the whole answer again, mended, and nothing else. Keep the language and the form that were asked for.`
  return withChat(request, { ...chat, messages: [...chat.messages, toTurn(answer.complete), userTurn(words)] })
}
