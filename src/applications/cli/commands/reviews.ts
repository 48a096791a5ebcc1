import { PlatformError } from '../../../core/errors.ts'
import type { Principal } from '../../../core/call.ts'
import { toIso } from '../../../core/time.ts'
import type { Review, ReviewFile } from '../../../governance/reviews/index.ts'
import { operator, readCount, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { toReviewJson, toReviewFileJson } from '../../shapes/index.ts'

const verbs = { accept: 'accept', override: 'override', stop: 'stop' } as const

export const reviews: Command = {
  name: 'reviews',
  usage:
    'list [--state S] [--limit N] | show ID | accept ID --as PERSON --reason R [--version N] | override ID --as PERSON --reason R --text T | stop ID --as PERSON --reason R',
  options: {
    state: { type: 'string' },
    limit: { type: 'string' },
    as: { type: 'string' },
    reason: { type: 'string' },
    text: { type: 'string' },
    version: { type: 'string' },
  },
  async run(context) {
    const [verb = '', id] = context.words
    if (verb === 'list') await list(context)
    else if (id === undefined) throw toMisuse(reviews)
    else if (verb === 'show') await show(context, id)
    else if (isDecision(verb)) await decide(context, id, verb)
    else throw toMisuse(reviews)
  },
}

const states = ['pending', 'accepted', 'overridden', 'stopped', 'expired'] as const

async function list(context: CommandContext): Promise<void> {
  const asked = textOf(context, 'state')
  const state = states.find((each) => each === asked)
  if (asked !== undefined && state === undefined) {
    throw new PlatformError('INVALID_REQUEST', `--state must be one of ${states.join(', ')}`)
  }
  const limit = readCount(context, 'limit', { max: 1_000, otherwise: 50 })
  const { parts } = await context.open()
  const found = await parts.reviews.list(operator, { state, before: undefined, limit })
  const rows = found.map(toRow)
  const head = ['id', 'stage', 'state', 'use case', 'people', 'deadline', 'reason']
  report(context.terminal, { object: 'list', data: found.map(toReviewJson) }, toTable([head, ...rows]))
}

function toRow({ id, stage, state, useCase, persons, deadlineMs, reason }: Review): readonly string[] {
  return [id, stage, state, useCase ?? '', String(persons), toIso(deadlineMs), reason.slice(0, 80)]
}

async function show(context: CommandContext, id: string): Promise<void> {
  const { parts } = await context.open()
  const file = await parts.reviews.show(operator, id)
  report(context.terminal, toReviewFileJson(file), toLines(file))
}

function toLines({ review, decisions, request, answer, override }: ReviewFile): readonly string[] {
  const ended = review.endedAtMs === undefined ? `undecided until ${toIso(review.deadlineMs)}` : review.state
  return [
    `${review.id} · ${review.stage} of ${review.call} · ${ended} · ${review.persons} to agree · version ${review.version}`,
    `  asked for ${review.askers.join(', ') || 'nobody named'} with ${review.keyId}, use case ${review.useCase ?? 'none'}, model ${review.model}`,
    `  ${review.reason}`,
    ...decisions.map(
      ({ person, decision, reason, atMs, version }) =>
        `  ${toIso(atMs)} ${person}: ${decision} (version ${version}): ${reason}`,
    ),
    `request: ${request ?? 'erased'}`,
    ...(review.stage === 'answer' ? [`answer: ${answer ?? 'erased'}`] : []),
    ...(override === undefined ? [] : [`instead: ${override}`]),
  ]
}

/** Decides as the person that is named: whoever runs the machine answers for that being true. */
async function decide(context: CommandContext, id: string, verb: keyof typeof verbs): Promise<void> {
  const [person, reason, text] = [textOf(context, 'as'), textOf(context, 'reason'), textOf(context, 'text')]
  if (person === undefined || reason === undefined) throw toMisuse(reviews)
  const versionText = textOf(context, 'version')
  if (versionText !== undefined && !/^\d{1,3}$/.test(versionText)) throw toMisuse(reviews)
  const version = versionText === undefined ? undefined : Number(versionText)
  const decider: Principal = { ...operator, user: person }
  const { parts } = await context.open()
  const review = await parts.reviews.decide(decider, id, { decision: verbs[verb], reason, text, version })
  const rest = review.state === 'pending' ? 'one more person has to agree' : `the review is ${review.state}`
  report(context.terminal, toReviewJson(review), [`${person}: ${verb}; ${rest}`])
}

function isDecision(verb: string): verb is keyof typeof verbs {
  return Object.hasOwn(verbs, verb)
}

function textOf(context: CommandContext, name: string): string | undefined {
  const value = context.options[name]
  return typeof value === 'string' ? value : undefined
}
