import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { parseJsonLine } from '../../../core/json-lines.ts'
import { embedTexts } from '../../ask-model.ts'
import {
  certifyFamily,
  certifyRouter,
  parsePair,
  readRouter,
  routerBytesMax,
  trainRouter,
  writeRouter,
  type Guarantee,
  type Router,
  type RouterCertification,
  type TrainingPair,
  type TrainOptions,
} from '../../../models/learning/index.ts'
import { operator, readCount, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { describeFigures, measureHeldOut } from '../held-out.ts'
import { readFileLines, readLines, type Line } from '../lines.ts'

export const route: Command = {
  name: 'route',
  usage:
    'train --data PAIRS --out ROUTER [--weak M] [--strong M] [--embedder MODEL] [--seed N] | score --router ROUTER < PROMPTS | certify --data LABELS [--router ROUTER] --loss E [--confidence C] [--one-sided] [--strong-min SHARE] [--stage question|answer] [--judge NAME] [--out FILE]',
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    weak: { type: 'string' },
    strong: { type: 'string' },
    embedder: { type: 'string' },
    seed: { type: 'string' },
    router: { type: 'string' },
    loss: { type: 'string' },
    confidence: { type: 'string' },
    'one-sided': { type: 'boolean' },
    'strong-min': { type: 'string' },
    stage: { type: 'string' },
    judge: { type: 'string' },
  },
  async run(context) {
    const [act, ...rest] = context.words
    if (rest.length > 0) throw toMisuse(route)
    if (act === 'train') return train(context)
    if (act === 'score') return score(context)
    if (act === 'certify') return certify(context)
    throw toMisuse(route)
  },
}

async function train(context: CommandContext): Promise<void> {
  const { terminal, process } = context
  const data = textOf(context, 'data')
  const out = textOf(context, 'out')
  if (data === undefined || out === undefined) throw toMisuse(route)
  const pairs = await readPairs(data)
  const embedded = await embedPairs(context, pairs)
  const startedMs = process.clock.monotonicMs()
  const { router, content, heldOut, unlearnt } = trainRouter({
    pairs,
    seed: readCount(context, 'seed', { max: 2 ** 31, otherwise: 1 }),
    nowMs: process.clock.now(),
    weak: textOf(context, 'weak'),
    strong: textOf(context, 'strong'),
    embedded,
    onProgress: (done) => terminal.note(done),
  })
  const file = writeRouter(content)
  const trainMs = process.clock.monotonicMs() - startedMs
  await writeWhole(out, file)
  const figures = {
    question: measureHeldOut(heldOut, heldOut.gains),
    answer: measureHeldOut(heldOut, heldOut.gainsAfterAnswer),
  }
  report(
    terminal,
    {
      router: out,
      hash: router.hash,
      pairs: pairs.length,
      weak: router.weak,
      strong: router.strong,
      embedder: router.embedder ?? null,
      models: router.models.map((model) => ({
        ...model,
        meanCost: model.meanCost ?? null,
        learnt: !unlearnt.includes(model.id),
      })),
      held_out: { question: figures.question ?? null, answer: figures.answer ?? null },
      bytes: Buffer.byteLength(file),
      train_ms: Math.round(trainMs),
    },
    [
      ...toTable([
        ['model', 'labels', 'mean quality', ''],
        ...router.models.map(({ id, labels, meanQuality }) => [
          id,
          String(labels),
          meanQuality.toFixed(3),
          roleOf(router, id),
        ]),
      ]),
      ...unlearnt.map(
        (model) => `${model}: its labels are too few or all the same, so its mean stands for every prompt`,
      ),
      ...describeFigures(heldOut, figures),
      '',
      `${out}: ${pairs.length} pairs, ${Buffer.byteLength(file)} bytes, ${(trainMs / 1_000).toFixed(1)} s`,
    ],
  )
}

/** Texts of one request: what every vendor of embeddings takes at once. */
const textsAtOnce = 64

/** The vector of every prompt: its own where the pair brings one, else as the model named gives it, through the door out. */
async function embedPairs(context: CommandContext, pairs: readonly TrainingPair[]): Promise<TrainOptions['embedded']> {
  const embedder = textOf(context, 'embedder')
  if (embedder === undefined) return undefined
  const vectors: (readonly number[])[] = pairs.map(({ embedding }) => embedding ?? [])
  const missing = [...vectors.keys()].filter((row) => vectors[row]?.length === 0)
  if (missing.length === 0) return { embedder, vectors }
  const { parts } = await context.open()

  for (let at = 0; at < missing.length; at += textsAtOnce) {
    const rows = missing.slice(at, at + textsAtOnce)
    const texts = rows.map((row) => pairs[row]?.prompt ?? '')
    const given = await embedTexts(parts, { principal: operator, face: 'cli', model: embedder, texts })
    for (const [place, row] of rows.entries()) vectors[row] = given[place] ?? []
    context.terminal.note(`${at + rows.length} of ${missing.length} prompts embedded by ${embedder}`)
  }
  return { embedder, vectors }
}

function roleOf(router: Router, id: string): string {
  return id === router.weak ? 'weak' : id === router.strong ? 'strong' : ''
}

const promptSchema = z.union([
  z.string(),
  z.looseObject({
    prompt: z.string(),
    answers: z.record(z.string(), z.string()).optional(),
    embedding: z.array(z.number()).optional(),
  }),
])

/** One line out for each line in, as soon as it is there. */
async function score(context: CommandContext): Promise<void> {
  const path = textOf(context, 'router')
  if (path === undefined) throw toMisuse(route)
  const router = await loadRouter(path)
  let last = 0
  let scored = 0
  for await (const line of readLines(context.process.input())) {
    const given = readPrompt(line, router.weak)
    last = line.number
    scored++
    const gain = router.gain(given.prompt, given.answer, given.embedding)
    if (!context.terminal.isJson) context.terminal.print(String(gain))
    else context.terminal.print(JSON.stringify(describeScore(router, given, gain)))
  }
  if (scored === 0) context.terminal.note('no prompt came in; give one {"prompt": "…"} to a line')
  else if (scored < last) context.terminal.note(`${last - scored} empty lines were passed over`)
}

interface GivenPrompt {
  readonly prompt: string
  readonly answer: string | undefined
  readonly embedding: readonly number[] | undefined
}

function describeScore(router: Router, { prompt, answer, embedding }: GivenPrompt, gain: number): object {
  const after = answer === undefined ? undefined : router.scoreAnswer(prompt, { model: router.weak, answer })
  return {
    score: gain,
    weak: router.weak,
    strong: router.strong,
    scores: router.score(prompt, embedding),
    after_answer: after === undefined ? null : { weak_right: after.answer, strong_right: after.strong },
  }
}

function readPrompt(line: Line, weak: string): GivenPrompt {
  const parsed = promptSchema.safeParse(parseJsonLine(line.text, line.number))
  if (!parsed.success) {
    const what = `line ${line.number} is no prompt; write {"prompt": "…"} or a JSON string`
    throw new PlatformError('INVALID_REQUEST', what, { param: `line ${line.number}` })
  }
  if (typeof parsed.data === 'string') return { prompt: parsed.data, answer: undefined, embedding: undefined }
  const { prompt, answers, embedding } = parsed.data
  const answer = answers !== undefined && Object.hasOwn(answers, weak) ? answers[weak] : undefined
  return { prompt, answer, embedding }
}

async function certify(context: CommandContext): Promise<void> {
  const data = textOf(context, 'data')
  if (data === undefined || textOf(context, 'loss') === undefined) throw toMisuse(route)
  const guarantee: Guarantee = {
    epsilon: readShare(context, 'loss', 0),
    delta: Number((1 - readShare(context, 'confidence', 0.9)).toFixed(12)), // 0.1, not 0.09999999999999998
    loss: context.options['one-sided'] === true ? 'one-sided' : 'net',
  }
  const path = textOf(context, 'router')
  if (path === undefined) return certifyPolicies(context, data, guarantee)
  const stage = textOf(context, 'stage')
  if (stage !== undefined && stage !== 'question' && stage !== 'answer') throw toMisuse(route)
  const found = certifyRouter({
    router: await loadRouter(path),
    pairs: await readPairs(data),
    guarantee,
    strongShareMin: textOf(context, 'strong-min') === undefined ? 0 : readShare(context, 'strong-min', 0),
    judge: textOf(context, 'judge') ?? 'exact',
    stage,
    nowMs: context.process.clock.now(),
  })
  const out = textOf(context, 'out')
  if (out !== undefined && found.certificate !== undefined) {
    await writeWhole(out, `${JSON.stringify(found.certificate, null, 2)}\n`)
  }
  report(context.terminal, toCertificationJson(found), describeCertification(found, guarantee))
}

function toCertificationJson(found: RouterCertification): object {
  const { verdict, certificate, stage, cases, labels, repeated, leftOut } = found
  return {
    result: verdict.type,
    reason: verdict.type === 'certified' ? null : verdict.reason,
    threshold: verdict.type === 'certified' ? verdict.threshold : null,
    strong_share: verdict.type === 'certified' ? verdict.strongShare : 1,
    p_value: verdict.pValue,
    test: verdict.test,
    stage,
    cases,
    labels,
    repeated,
    left_out: leftOut,
    certificate: certificate ?? null,
  }
}

function describeCertification(found: RouterCertification, guarantee: Guarantee): readonly string[] {
  const { verdict, stage, cases, labels, repeated, leftOut } = found
  const about = `${cases} cases, ${labels} of them labelled (${leftOut.seen} seen in training and ${leftOut.unscored} without scores left out), read from the ${stage}, ${verdict.test}`
  const copies =
    repeated === 0
      ? []
      : [`${repeated} cases repeat a prompt: they count if traffic repeats it, copies must be left out`]
  if (verdict.type === 'not-certifiable') return [verdict.reason, about, ...copies]
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`
  return [
    `certified: ${guarantee.loss} loss at most ${guarantee.epsilon} with confidence ${1 - guarantee.delta}`,
    `gain from ${verdict.threshold.toFixed(4)} on goes to the strong model: ${share(verdict.strongShare)} of calls; mean loss on the labels ${verdict.meanLoss.toFixed(4)}, p = ${verdict.pValue.toPrecision(2)}`,
    about,
    ...copies,
  ]
}

const familySchema = z.looseObject({ reference: z.number(), policies: z.array(z.number()).min(1).max(1_000) })

/** Any family of policies, from the safest: each line the quality of the reference's answer and of every policy's. */
async function certifyPolicies(context: CommandContext, data: string, guarantee: Guarantee): Promise<void> {
  const rows: { readonly reference: number; readonly policies: readonly number[] }[] = []
  for await (const line of readFileLines(data)) {
    const parsed = familySchema.safeParse(parseJsonLine(line.text, line.number))
    const policyCount = rows[0]?.policies.length
    if (!parsed.success || (policyCount !== undefined && parsed.data.policies.length !== policyCount)) {
      const what = `line ${line.number} must be {"reference": quality, "policies": [quality, …]}, with as many policies as the first line`
      throw new PlatformError('INVALID_REQUEST', `${what}; for pairs give --router`, { param: `line ${line.number}` })
    }
    rows.push(parsed.data)
  }
  const verdict = certifyFamily({
    guarantee,
    count: rows.length,
    policyCount: rows[0]?.policies.length ?? 0,
    lossesOf: (policy) => Float64Array.from(rows, (row) => row.reference - (row.policies[policy] ?? 0)),
  })
  const isCertified = verdict.type === 'certified'
  report(
    context.terminal,
    {
      result: verdict.type,
      reason: isCertified ? null : verdict.reason,
      policy: isCertified ? verdict.policy : null,
      mean_loss: isCertified ? verdict.meanLoss : null,
      p_value: verdict.pValue,
      test: verdict.test,
      labels: rows.length,
    },
    [
      isCertified
        ? `certified: policy ${verdict.policy} (from 0), mean loss ${verdict.meanLoss.toFixed(4)}, p = ${verdict.pValue.toPrecision(2)}, ${verdict.test}`
        : verdict.reason,
    ],
  )
}

async function readPairs(path: string): Promise<readonly TrainingPair[]> {
  const pairs: TrainingPair[] = []
  for await (const { text, number } of readFileLines(path)) pairs.push(parsePair(text, number))
  return pairs
}

/** Throws NOT_FOUND or ROUTER_INVALID. */
async function loadRouter(path: string): Promise<Router> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new PlatformError('NOT_FOUND', `there is no router ${path}`, { cause })
  })
  if (!found.isFile()) throw new PlatformError('NOT_FOUND', `${path} is no file`)
  if (found.size > routerBytesMax)
    throw new PlatformError('ROUTER_INVALID', `${path} is larger than ${routerBytesMax} bytes`)
  return readRouter(await readFile(path))
}

/** Wholly or not at all. */
async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.part`
  try {
    await writeFile(beside, text)
    await rename(beside, path)
  } catch (cause) {
    await rm(beside, { force: true })
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    throw new PlatformError('INVALID_REQUEST', `${path} cannot be written: ${reason}`, { cause })
  }
}

function textOf(context: CommandContext, name: string): string | undefined {
  const value = context.options[name]
  return typeof value === 'string' ? value : undefined
}

/** A share between 0 and 1, both excluded. */
function readShare(context: CommandContext, name: string, otherwise: number): number {
  const text = textOf(context, name)
  if (text === undefined) return otherwise
  const value = Number(text)
  if (value > 0 && value < 1) return value
  throw new PlatformError('INVALID_REQUEST', `--${name} must lie between 0 and 1`, { param: name })
}
