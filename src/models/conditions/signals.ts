import type { Call } from '../../core/call.ts'
import type { ChatRequest, Part } from '../../core/chat.ts'
import { findLanguage, toPrimary } from '../../core/language.ts'
import { fromDollars } from '../../core/money.ts'
import type { PersonalDataScanner } from '../../core/ports-privacy.ts'
import type { EndpointCaller } from '../../core/ports.ts'
import { estimateInputTokens } from '../../core/token-estimate.ts'
import { findTask } from './task.ts'
import { isWithin, type Window } from './window.ts'

/** What a signal can be for a request. `undefined` is not known; `absent` is known not to be there. */
export type SignalValue = string | number | bigint | boolean | ReadonlySet<string> | typeof absent | undefined
export const absent: unique symbol = Symbol('absent')

/** One thing a request can be asked by. Two with the same key are the same. */
export type Signal =
  | { readonly key: string; readonly type: 'plain'; readonly name: PlainSignal }
  | { readonly key: string; readonly type: 'contains'; readonly texts: readonly string[] }
  | { readonly key: string; readonly type: 'header' | 'label'; readonly name: string }
  | { readonly key: string; readonly type: 'healthy' | 'latency' | 'price'; readonly endpoint: string }
  | { readonly key: string; readonly type: 'time'; readonly window: Window }

export type PlainSignal =
  | 'language'
  | 'task'
  | 'tokens'
  | 'turns'
  | 'outputTokens'
  | 'tools'
  | 'input'
  | 'format'
  | 'stream'
  | 'effort'
  | 'personal'
  | 'key'
  | 'tenant'
  | 'network'

export interface SignalParts {
  readonly endpoints: Pick<EndpointCaller, 'findState' | 'list'>
  /** Finds personal data; without it nothing is known of any. */
  readonly personal?: PersonalDataScanner | undefined
}

/** Characters in which personal data is looked for; in a longer text, what is not found is not known. */
const personalLengthMax = 200_000

/** What is asked about, and by whom. */
export interface Asked {
  readonly request: ChatRequest
  readonly call: Call
}

/** Reads the signals of one request, each when first asked for. */
export function createSignalReader(parts: SignalParts, asked: Asked): (signal: Signal) => SignalValue {
  const known = new Map<string, SignalValue>()
  return (signal) => {
    if (known.has(signal.key)) return known.get(signal.key)
    const value = read(parts, asked, signal)
    known.set(signal.key, value)
    return value
  }
}

/** The text of the last question. */
export function findQuestion({ chat }: ChatRequest): string {
  const last = chat.messages.findLast((message) => message.role === 'user')
  return textOf(last?.parts ?? [])
}

function read(parts: SignalParts, asked: Asked, signal: Signal): SignalValue {
  const { request, call } = asked
  switch (signal.type) {
    case 'plain':
      return readPlain(parts, asked, signal.name)
    case 'contains': {
      const question = findQuestion(request).toLowerCase()
      return signal.texts.some((text) => question.includes(text))
    }
    case 'header':
      return readHeader(request, signal.name)
    case 'label':
      return readLabel(call, signal.name)
    case 'healthy':
      return parts.endpoints.findState(signal.endpoint)?.isOpen
    case 'latency':
      return parts.endpoints.findState(signal.endpoint)?.firstByteMs
    case 'price': {
      const tokens = { input: estimateInputTokens(request.chat), output: request.outputTokensMax }
      return parts.endpoints.findState(signal.endpoint)?.costMax(tokens)
    }
    case 'time':
      return isWithin(signal.window, call.startedAtMs)
  }
}

function readPlain(parts: SignalParts, { request, call }: Asked, name: PlainSignal): SignalValue {
  switch (name) {
    case 'language':
      return toPrimary(findLanguage(findQuestion(request)))
    case 'task':
      return findTask(findQuestion(request))
    case 'tokens':
      return estimateInputTokens(request.chat)
    case 'turns':
      return request.chat.messages.length
    case 'outputTokens':
      return request.outputTokensMax
    case 'tools':
      return request.chat.tools.length > 0
    case 'input':
      return findInputs(request)
    case 'format':
      return request.chat.responseFormat?.type ?? 'text'
    case 'stream':
      return request.stream
    case 'effort':
      return request.chat.reasoningEffort
    case 'personal':
      return readPersonal(parts, request)
    case 'key':
      return call.principal.keyId
    case 'tenant':
      return call.principal.tenant
    case 'network':
      return readNetwork(parts)
  }
}

/** Personal data of a picture or of a text that is too long is not seen, so that finding none says nothing. */
function readPersonal({ personal }: SignalParts, request: ChatRequest): SignalValue {
  if (personal === undefined) return undefined
  const text = request.chat.messages.map((message) => textOf(message.parts)).join('\n')
  const found = new Set(personal.scan(text.slice(0, personalLengthMax)).map(({ type }) => type))
  const isAllSeen = text.length <= personalLengthMax && findInputs(request).size === 0
  return found.size > 0 || isAllSeen ? found : undefined
}

function findInputs({ chat }: ChatRequest): ReadonlySet<string> {
  const found = new Set<string>()
  const look = (part: Part): void => {
    if (part.type === 'image' || part.type === 'audio' || part.type === 'file') found.add(part.type)
    if (part.type === 'tool-result') part.parts.forEach(look)
  }
  for (const message of chat.messages) message.parts.forEach(look)
  return found
}

function textOf(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      if (part.type === 'text') return part.text
      if (part.type === 'tool-call') return part.arguments
      return part.type === 'tool-result' ? textOf(part.parts) : ''
    })
    .join('\n')
}

/** A request that came by no door has no headers that could be known. */
function readHeader({ aside }: ChatRequest, name: string): SignalValue {
  if (aside === undefined) return undefined
  return aside.headers[name] ?? absent
}

/** Labels are what governance gives; which there are it decides. One it did not give is not known. */
function readLabel({ labels }: Call, name: string): SignalValue {
  const value: unknown = Object.entries(labels).find(([key]) => key === name)?.[1]
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? new Set(value.map(String)) : undefined
}

/** Up when any endpoint outside this machine may be tried; unknown when there is none. */
function readNetwork({ endpoints }: SignalParts): SignalValue {
  const remote = endpoints
    .list()
    .map((id) => endpoints.findState(id))
    .filter((state) => state?.isLocal === false)
  if (remote.length === 0) return undefined
  return remote.some((state) => state?.isOpen === true) ? 'up' : 'down'
}

/** Picodollars of a configured amount; the schema lets only decimal dollars through. */
export function toAmount(dollars: string): bigint {
  return fromDollars(dollars) ?? 0n
}
