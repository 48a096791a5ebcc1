import { PlatformError } from '../../core/errors.ts'
import type { Ids } from '../../core/ids.ts'
import type { Random } from '../../core/random.ts'
import type { Clock } from '../../core/time.ts'
import { chooseArm, emptyBandit, judgeOffline, learnFrom, type Arm, type BanditState, type Choice } from './bandit.ts'
import type { DriftState } from './drift.ts'
import type { KeptRouters } from './kept-routers.ts'
import type { TrainingPair } from './pairs.ts'
import { measureRouting } from './metrics.ts'
import type { Router } from './router.ts'
import type { FeedbackRow, LearningStore, RouterKey } from './store.ts'

/** What is said of answers, and what is learnt from it while traffic runs. */
export interface FeedbackBook {
  /** Throws INVALID_REQUEST when it names no model, NOT_FOUND for a choice there is not, CONFLICT for a second score. */
  give(who: Giver, given: GivenFeedback): Promise<FeedbackView>
  list(
    tenant: string,
    page: { readonly limit: number; readonly before: string | undefined },
  ): Promise<readonly FeedbackView[]>
  /** What was asked and answered, of those of the calls that feedback with the prompt has named. */
  contents(tenant: string, callIds: readonly string[]): Promise<ReadonlyMap<string, CallContent>>
  /** What can teach a router: the prompts that feedback came with, with the mean score of each model. */
  pairs(tenant: string): Promise<readonly TrainingPair[]>
  /** Chooses among models by the router and by what was learnt since, and writes down the chance each had. */
  choose(
    key: RouterKey,
    asked: { readonly prompt: string; readonly among: readonly string[] },
  ): Promise<Choice & { readonly id: string }>
  /** Takes one prompt that two models answered, judged; drift of the router's certificate is watched. */
  shadow(who: Giver, given: GivenShadow): Promise<{ readonly drift: DriftState | undefined }>
  /** What each model would have scored had it always been chosen, from the judged choices of the past. */
  estimate(key: RouterKey): Promise<OnlineEstimate>
  /** Two versions on prompts that feedback came with and neither was trained on. Throws NOT_FOUND. */
  compare(key: RouterKey, versions: readonly [number, number]): Promise<VersionComparison>
}

export interface CallContent {
  readonly prompt: string
  readonly answer: string | undefined
}

export interface OnlineEstimate {
  readonly judged: number
  /** Mean score of the choices as they were made; `undefined` before the first is judged. */
  readonly meanScore: number | undefined
  readonly models: Readonly<Record<string, ReturnType<typeof judgeOffline>>>
}

export interface VersionComparison {
  /** Prompts that both were judged on. */
  readonly prompts: number
  readonly versions: readonly {
    readonly version: number
    /** Mean squared error of predicted against given scores; lower is better. `undefined` without a prompt. */
    readonly squaredError: number | undefined
    /** How well it tells where the strong model is needed; 0.5 is chance. `undefined` where that cannot be said. */
    readonly apgr: number | undefined
  }[]
}

export interface Giver {
  readonly tenant: string
  readonly keyId: string
}

export interface GivenFeedback {
  /** 0…1. */
  readonly score: number
  readonly model: string | undefined
  readonly callId: string | undefined
  /** Of a choice: the bandit learns from it. */
  readonly choiceId: string | undefined
  readonly prompt: string | undefined
  readonly answer: string | undefined
  readonly cost: number | undefined
  readonly comment: string | undefined
}

interface Named {
  readonly model: string
  readonly madeIn?: readonly string[] | undefined
}

export interface GivenShadow {
  /** The router whose certificate is watched by it. */
  readonly router: RouterKey | undefined
  readonly prompt: string
  /** Quality of each model's answer, 0…1. */
  readonly scores: Readonly<Record<string, number>>
  readonly answers: Readonly<Record<string, string>>
  readonly costs: Readonly<Record<string, number>>
  /** Roots of the calls in which prompt and answers were made; absent for pairs from elsewhere. */
  readonly madeIn?: readonly string[] | undefined
}

export interface FeedbackView extends GivenFeedback {
  readonly id: string
  readonly source: 'client' | 'shadow'
  readonly keyId: string
  readonly atMs: number
}

export interface FeedbackDeps {
  readonly store: LearningStore
  readonly routers: KeptRouters
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
}

/** Rows that pairs are made of, the newest. */
const teachingMax = 50_000
const judgedMax = 10_000

export function createFeedbackBook(deps: FeedbackDeps): FeedbackBook {
  return new StoredFeedback(deps)
}

class StoredFeedback implements FeedbackBook {
  readonly #deps: FeedbackDeps
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: FeedbackDeps) {
    this.#deps = deps
  }

  async contents(tenant: string, callIds: readonly string[]): Promise<ReadonlyMap<string, CallContent>> {
    const contents = new Map<string, CallContent>()
    for (const { call_id, prompt, answer } of await this.#deps.store.listContents(tenant, callIds)) {
      if (call_id === null || prompt === null) continue
      // The newest prompt; an answer that was said once is not lost when feedback comes again without it.
      contents.set(call_id, { prompt, answer: answer ?? contents.get(call_id)?.answer })
    }
    return contents
  }

  async give(who: Giver, given: GivenFeedback): Promise<FeedbackView> {
    const { tenant } = who
    const choice =
      given.choiceId === undefined ? undefined : await this.#deps.store.findDecision(tenant, given.choiceId)
    if (given.choiceId !== undefined && choice === undefined)
      throw new PlatformError('NOT_FOUND', 'there is no such choice')
    const model = choice?.model ?? given.model
    if (model === undefined) {
      throw new PlatformError('INVALID_REQUEST', 'say which model answered, or which choice is judged', {
        param: 'model',
      })
    }
    if (choice !== undefined) {
      const isFirst = await this.#deps.store.scoreDecision({ tenant, id: choice.id }, given.score)
      if (!isFirst) throw new PlatformError('CONFLICT', 'this choice has been judged already')
      const arm = readArms(choice.arms).find((each) => each.model === model)
      if (arm !== undefined) await this.#learn({ tenant, name: choice.router }, arm, given.score)
    }
    const [view] = await this.#write(who, 'client', [{ ...given, model }])
    if (view === undefined) throw new PlatformError('INTERNAL', 'feedback was written and cannot be shown')
    return view
  }

  async list(tenant: string, page: Parameters<FeedbackBook['list']>[1]): Promise<readonly FeedbackView[]> {
    return (await this.#deps.store.listFeedback(tenant, page)).map(toView)
  }

  async pairs(tenant: string): Promise<readonly TrainingPair[]> {
    return toPairs(await this.#deps.store.listTeaching(tenant, teachingMax))
  }

  async choose(
    key: RouterKey,
    { prompt, among }: Parameters<FeedbackBook['choose']>[1],
  ): ReturnType<FeedbackBook['choose']> {
    const router = await this.#deps.routers.load(key)
    const scores = router.score(prompt)
    const state = readBandit((await this.#deps.store.findRouter(key))?.bandit)
    const predictions = among.map((model) => ({
      model,
      predicted: Object.hasOwn(scores, model) ? scores[model] : undefined,
    }))
    const choice = chooseArm(state, predictions, this.#deps.random)
    const id = this.#deps.ids.create('choice')
    const { model, arms } = choice
    const written = { tenant: key.tenant, id, router: key.name, model, arms: JSON.stringify(arms) }
    await this.#deps.store.addDecision({ ...written, at_ms: this.#deps.clock.now(), score: null })
    return { id, ...choice }
  }

  async shadow(who: Giver, given: GivenShadow): ReturnType<FeedbackBook['shadow']> {
    const { router: key, prompt, scores, answers, costs, madeIn } = given
    const router = key === undefined ? undefined : await this.#deps.routers.load(key)
    const [low, high] = [scores[router?.weak ?? ''], scores[router?.strong ?? '']]
    if (router !== undefined && (low === undefined || high === undefined)) {
      throw new PlatformError('INVALID_REQUEST', `scores of ${router.weak} and of ${router.strong} are needed`, {
        param: 'scores',
      })
    }
    const nothing = { callId: undefined, choiceId: undefined, comment: undefined }
    const rows = Object.entries(scores).map(([model, score]) => ({
      ...nothing,
      model,
      score,
      prompt,
      madeIn,
      answer: Object.hasOwn(answers, model) ? answers[model] : undefined,
      cost: Object.hasOwn(costs, model) ? costs[model] : undefined,
    }))
    await this.#write(who, 'shadow', rows)
    if (key === undefined || router === undefined || low === undefined || high === undefined)
      return { drift: undefined }
    const seen = { prompt, weakAnswer: answers[router.weak], weak: low, strong: high }
    return { drift: await this.#deps.routers.observe(key, seen) }
  }

  async estimate(key: RouterKey): Promise<OnlineEstimate> {
    const decisions = await this.#deps.store.listDecisions(key, judgedMax)
    const choices = decisions.map((row) => ({ model: row.model, score: row.score ?? 0, arms: readArms(row.arms) }))
    const models = [...new Set(choices.flatMap(({ arms }) => arms.map((arm) => arm.model)))].toSorted()
    const always = (wanted: string): ReturnType<typeof judgeOffline> =>
      judgeOffline(
        choices.map(({ model, score, arms }) => ({
          model,
          score,
          wanted,
          propensity: arms.find((arm) => arm.model === model)?.propensity ?? 0,
        })),
      )
    return {
      judged: choices.length,
      meanScore: choices.length === 0 ? undefined : choices.reduce((sum, { score }) => sum + score, 0) / choices.length,
      models: Object.fromEntries(models.map((model) => [model, always(model)])),
    }
  }

  async compare(key: RouterKey, versions: readonly [number, number]): Promise<VersionComparison> {
    const loaded = await Promise.all(
      versions.map(async (version) => ({ version, router: await this.#deps.routers.load(key, version) })),
    )
    const all = toPairs(await this.#deps.store.listTeaching(key.tenant, teachingMax))
    const pairs = all.filter(({ prompt }) => loaded.every(({ router }) => !router.hasSeen(prompt)))
    return {
      prompts: pairs.length,
      versions: loaded.map(({ version, router }) => ({ version, ...judgeRouter(router, pairs) })),
    }
  }

  async #write(
    who: Giver,
    source: FeedbackView['source'],
    rows: readonly (GivenFeedback & Named)[],
  ): Promise<readonly FeedbackView[]> {
    const { ids, clock, store } = this.#deps
    const made = { source, keyId: who.keyId, atMs: clock.now() }
    const views = rows.map((row) => ({ ...row, ...made, id: ids.create('feedback') }))
    if (views.length > 0) await store.addFeedback(views.map((view) => toRow(who.tenant, view)))
    return views
  }

  /** One after another: a state read before another's change must not be written after it. */
  #learn(key: RouterKey, arm: Arm, score: number): Promise<void> {
    const { store } = this.#deps
    const mine = this.#last.then(async () => {
      const state = readBandit((await store.findRouter(key))?.bandit)
      await store.updateRouter(key, { bandit: JSON.stringify(learnFrom(state, arm, score)) })
    })
    this.#last = mine.catch(() => undefined) // Whoever waits for this turn hears of its failure.
    return mine
  }
}

function judgeRouter(
  router: Router,
  pairs: readonly TrainingPair[],
): { squaredError: number | undefined; apgr: number | undefined } {
  let squares = 0
  let count = 0
  for (const { prompt, scores } of pairs) {
    for (const [model, predicted] of Object.entries(router.score(prompt))) {
      const score = Object.hasOwn(scores, model) ? scores[model] : undefined
      if (score === undefined) continue
      squares += (predicted - score) ** 2
      count++
    }
  }
  const both = pairs.filter(({ scores }) => Object.hasOwn(scores, router.weak) && Object.hasOwn(scores, router.strong))
  const { apgr } = measureRouting({
    gains: both.map(({ prompt }) => router.gain(prompt)),
    weak: both.map(({ scores }) => scores[router.weak] ?? 0),
    strong: both.map(({ scores }) => scores[router.strong] ?? 0),
  })
  return { squaredError: count === 0 ? undefined : squares / count, apgr: Number.isFinite(apgr) ? apgr : undefined }
}

function readBandit(text: string | null | undefined): BanditState {
  return text === null || text === undefined ? emptyBandit : (JSON.parse(text) as BanditState) // written by `learn`
}

function readArms(text: string): readonly Arm[] {
  return JSON.parse(text) as readonly Arm[] // written by `choose`
}

/** Of each prompt the mean score and cost of each model, and the newest answer. Rows are newest first. */
function toPairs(rows: readonly FeedbackRow[]): readonly TrainingPair[] {
  const prompts = new Map<string, Map<string, FeedbackRow[]>>()
  for (const row of rows) {
    if (row.prompt === null) continue
    const models = prompts.get(row.prompt) ?? new Map<string, FeedbackRow[]>()
    models.set(row.model, [...(models.get(row.model) ?? []), row])
    prompts.set(row.prompt, models)
  }
  return [...prompts].map(([prompt, models]) => {
    const of = <T>(read: (given: readonly FeedbackRow[]) => T | undefined): Record<string, T> =>
      Object.fromEntries(
        [...models].flatMap(([model, given]) => {
          const value = read(given)
          return value === undefined ? [] : [[model, value]]
        }),
      )
    const answers = of((given) => given.find((row) => row.answer !== null)?.answer ?? undefined)
    const costs = of((given) => mean(given.flatMap((row) => row.cost ?? [])))
    return {
      prompt,
      scores: of((given) => mean(given.map((row) => row.score))),
      ...(Object.keys(answers).length === 0 ? {} : { answers }),
      ...(Object.keys(costs).length === 0 ? {} : { costs }),
    }
  })
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
}

function toRow(tenant: string, view: FeedbackView & Named): FeedbackRow {
  return {
    tenant,
    id: view.id,
    source: view.source,
    call_id: view.callId ?? null,
    decision_id: view.choiceId ?? null,
    model: view.model,
    score: view.score,
    cost: view.cost ?? null,
    prompt: view.prompt ?? null,
    answer: view.answer ?? null,
    comment: view.comment ?? null,
    made_in: view.madeIn === undefined ? null : JSON.stringify(view.madeIn),
    key_id: view.keyId,
    at_ms: view.atMs,
  }
}

function toView(row: FeedbackRow): FeedbackView {
  return {
    id: row.id,
    source: row.source,
    keyId: row.key_id,
    atMs: row.at_ms,
    score: row.score,
    model: row.model,
    callId: row.call_id ?? undefined,
    choiceId: row.decision_id ?? undefined,
    prompt: row.prompt ?? undefined,
    answer: row.answer ?? undefined,
    cost: row.cost ?? undefined,
    comment: row.comment ?? undefined,
  }
}
