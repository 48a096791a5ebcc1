import { createHash } from 'node:crypto'
import type { Config } from '../../config/index.ts'
import { createAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import type { AnswerEvent, Chat, ChatRequest } from '../../core/chat.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import type { Answer } from '../../core/model.ts'
import type { Signer } from '../../core/signer.ts'
import type { Clock } from '../../core/time.ts'
import { signProvenance, toAigc } from './provenance.ts'
import type { MarkRecord } from './record.ts'
import { chooseLanguage, findText, type NoticeKind } from './texts.ts'

/** Marks what leaves as generated, where a policy obliges to it or the configuration wants it. */
export interface Marker {
  /** The same answer where nothing is to be marked; else one of events, with what is said of it in the call's notes. */
  mark(answer: Answer, call: Call, request: ChatRequest): Answer
}

export interface MarkerDeps {
  readonly config: Config['governance']['marks']
  readonly origin: string
  readonly clock: Clock
  readonly signer: Signer
  readonly record: Pick<MarkRecord, 'keep'>
}

/** What obligations of packs ask for, by their ids. */
const noticesOf: Readonly<Record<string, NoticeKind>> = {
  'notice-first-turn': 'notice',
  'notice-agent': 'agent',
  'notice-affected': 'affected',
}
const labelled = new Set(['label-explicit', 'label-export', 'label-text', 'label-deep-fake'])
const machineReadable = new Set(['mark-machine-readable', 'label-implicit', 'mark-detector'])

export function createMarker(deps: MarkerDeps): Marker {
  const { config } = deps
  // By the list of a label, which is the same object for every request of a use case on a day.
  const known = new WeakMap<readonly string[], Wanted>()
  const wantedBy = (obligations: readonly string[]): Wanted => {
    let wanted = known.get(obligations)
    if (wanted === undefined) {
      wanted = toWanted(obligations, config)
      known.set(obligations, wanted)
    }
    return wanted
  }
  return {
    mark(answer, call, request) {
      const wanted = wantedBy(call.labels.policy?.obligations ?? none)
      if (!wanted.isAny || isByPerson(call)) return answer
      const notices = wanted.kinds.length === 0 ? [] : sayNotices(config.texts, wanted.kinds, request)
      if (notices.length > 0) call.note({ notices })
      if (notices.length === 0 && !wanted.provenance && !wanted.record && !wanted.aigc) return answer
      const lead = config.notices === 'text' && mayLead(request) ? notices.map(({ text }) => text) : []
      const events = follow(answer, { deps, call, wanted, lead })
      return createAnswer(events, (reason) => answer.cancel(reason))
    },
  }
}

interface Wanted {
  readonly isAny: boolean
  readonly kinds: readonly (readonly [string, NoticeKind])[]
  readonly provenance: boolean
  readonly aigc: boolean
  readonly record: boolean
}

function toWanted(obligations: readonly string[], config: MarkerDeps['config']): Wanted {
  const isObliged = obligations.some((id) => machineReadable.has(id))
  const applies = (mode: 'off' | 'obliged' | 'always'): boolean =>
    mode === 'always' || (mode === 'obliged' && isObliged)
  const kinds = obligations.flatMap((id): Wanted['kinds'] => {
    const kind = noticesOf[id] ?? (labelled.has(id) ? 'label' : undefined)
    return kind === undefined ? [] : [[id, kind]]
  })
  const [provenance, record] = [applies(config.provenance), applies(config.record)]
  const aigc = obligations.includes('label-implicit')
  return { isAny: kinds.length > 0 || provenance || record || aigc, kinds, provenance, aigc, record }
}

const none: readonly string[] = Object.freeze([])

/** A person's words are not generated. */
function isByPerson({ notes }: Call): boolean {
  const review = notes?.['review']
  return isJsonObject(review) && review['state'] === 'overridden'
}

/** A type rather than an interface, so that it counts as JSON. */
type Notice = { readonly obligation: string; readonly language: string; readonly text: string }

/** Notices are said at the first turn, labels at every one; each text once. */
function sayNotices(
  texts: MarkerDeps['config']['texts'],
  kinds: Wanted['kinds'],
  request: ChatRequest,
): readonly Notice[] {
  const messages = findChat(request)?.messages ?? []
  const isFirst = !messages.some(({ role }) => role === 'assistant')
  const due = kinds.filter(([, kind]) => kind === 'label' || isFirst)
  if (due.length === 0) return []
  const preferred = request.aside?.headers['x-strata-language']
  const language = chooseLanguage(texts, lastWords(messages), preferred)
  const said = due.map(([obligation, kind]): Notice => ({ obligation, ...findText(texts, language, kind) }))
  return said.filter(({ text }, index) => said.findIndex((each) => each.text === text) === index)
}

/** `undefined` for a body that only an endpoint of its dialect understands. */
function findChat(request: ChatRequest): Chat | undefined {
  try {
    return request.chat
  } catch {
    return undefined
  }
}

function lastWords(messages: Chat['messages']): string {
  const last = messages.findLast(({ role }) => role === 'user')
  return (last?.parts ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}

/** Words before the text would break what a program reads. */
function mayLead(request: ChatRequest): boolean {
  const chat = findChat(request)
  return chat !== undefined && (chat.responseFormat === undefined || chat.responseFormat.type === 'text')
}

interface Following {
  readonly deps: MarkerDeps
  readonly call: Call
  readonly wanted: Wanted
  /** Said before the first words. */
  readonly lead: readonly string[]
}

async function* follow(answer: Answer, { deps, call, wanted, lead }: Following): AsyncGenerator<AnswerEvent> {
  const digest = createHash('sha256')
  let text = ''
  let hasBegun = false
  for await (const event of answer) {
    if (event.type === 'text-delta' && event.text !== '') {
      if (!hasBegun && lead.length > 0) {
        const said = `${lead.join('\n')}\n\n`
        digest.update(said)
        yield { type: 'text-delta', text: said }
      }
      hasBegun = true
      digest.update(event.text)
      if (wanted.record && text.length < charactersKeptMax) text += event.text
    }
    if (event.type === 'finish' && hasBegun) seal(digest.digest('hex'), text, { deps, call, wanted })
    yield event
  }
}

/** Of longer texts the beginning is known again. */
const charactersKeptMax = 200_000

function seal(sha256: string, text: string, { deps, call, wanted }: Omit<Following, 'lead'>): void {
  const { config, origin, clock, signer, record } = deps
  const atMs = Math.trunc(clock.now())
  const made = { producer: config.producer ?? origin, call: call.rootId, model: call.name, atMs, sha256 }
  const notes: Record<string, JsonObject> = {}
  if (wanted.provenance || wanted.aigc) {
    const provenance = signProvenance(signer, made)
    if (wanted.provenance) notes['provenance'] = provenance
    if (wanted.aigc) notes['aigc'] = { AIGC: toAigc(made, provenance['signature'] as string) } // as signProvenance makes it
  }
  if (Object.keys(notes).length > 0) call.note(notes)
  if (wanted.record) {
    const { tenant } = call.principal
    record.keep(
      { call: call.rootId, tenant, model: call.name, use_case: call.labels.policy?.useCase ?? null, at_ms: atMs },
      text,
    )
  }
}
