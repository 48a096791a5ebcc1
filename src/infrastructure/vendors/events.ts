import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider'
import type { AnswerEvent, FinishReason } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import { GeneratedMeter, type Generated, type TextKeeper } from '../../core/generated.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { toEndedInError } from '../dialects/index.ts'
import { joinToolCallId, readProof, sealProof, type Proof, type ProofForm } from './signature.ts'
import type { UsageReading } from './usage.ts'

/** What a reader has to know of the vendor and of the try. */
export interface PartReaderOptions {
  readonly proofs: ProofForm | undefined
  readonly usage: UsageReading
  /** Text in a whole body or in one chunk that the package leaves out. */
  readonly words?: ((body: JsonObject) => string | undefined) | undefined
  /** Where the texts go; `undefined` where nobody counts them. */
  readonly texts?: TextKeeper | undefined
  /** Whether the package has sent more than one request: then only it knows the sum of their usages. */
  isContinued(): boolean
}

/** Turns the parts of a package's stream into events. */
export interface PartReader {
  /**
   * Throws what an error part carries, UPSTREAM_FAILED when the vendor ended its answer in an error, and UPSTREAM_CUT
   * when the stream ended without its proper end.
   */
  read(part: LanguageModelV4StreamPart): readonly AnswerEvent[]
  /** The last usage seen, also before the end: some vendors report as they go. */
  usage(): Usage | undefined
  /** So far, tool calls that are not yet whole included. */
  generated(): Generated
}

type PartOf<Type extends LanguageModelV4StreamPart['type']> = Extract<LanguageModelV4StreamPart, { type: Type }>

export function createPartReader(options: PartReaderOptions): PartReader {
  const generated = new GeneratedMeter(options.texts)
  const toolCalls = createToolCallReader(options, generated)
  const thoughts = createThoughtReader(options.proofs, generated)
  let rawUsage: JsonObject | undefined

  function end(part: PartOf<'finish'>): readonly AnswerEvent[] {
    const { unified, raw } = part.finishReason
    // The packages make this part themselves when the bytes have ended, however they ended.
    if (raw === undefined && (unified === 'interrupted' || unified === 'other')) throw cut()
    if (unified === 'error' || raw === 'TIMEOUT') throw toEndedInError(raw ?? unified)
    const own = part.usage.raw
    if (isJsonObject(own) && (rawUsage === undefined || options.isContinued())) rawUsage = own
    const calls = toolCalls.end()
    const usage = readUsage()
    return [
      ...calls,
      ...(usage === undefined ? [] : [{ type: 'usage' as const, usage }]),
      {
        type: 'finish',
        reason: toFinishReason(part.finishReason, toolCalls.count() > 0),
        stopSequence: findStopSequence(part.providerMetadata),
      },
    ]
  }

  const takeUsage = (told: JsonObject | undefined): void => {
    if (told === undefined) return
    rawUsage = rawUsage === undefined || options.usage.join === undefined ? told : options.usage.join(rawUsage, told)
    generated.report()
  }

  function readRaw(body: JsonObject): readonly AnswerEvent[] {
    takeUsage(options.usage.find(body))
    const text = options.words?.(body) ?? ''
    generated.add(text, 'text')
    return text === '' ? [] : [{ type: 'text-delta', text }]
  }

  const readUsage = (): Usage | undefined => (rawUsage === undefined ? undefined : options.usage.read(rawUsage))

  return {
    read(part) {
      switch (part.type) {
        case 'text-delta':
          generated.add(part.delta, 'text')
          return part.delta === '' ? [] : [{ type: 'text-delta', text: part.delta }]
        case 'reasoning-start':
        case 'reasoning-delta':
        case 'reasoning-end':
          return thoughts.read(part)
        case 'tool-input-start':
        case 'tool-input-delta':
        case 'tool-call':
          return toolCalls.read(part)
        case 'raw':
          return isJsonObject(part.rawValue) ? readRaw(part.rawValue) : []
        case 'finish':
          return end(part)
        case 'error':
          throw part.error
        default:
          return []
      }
    },
    usage: readUsage,
    generated: () => generated,
  }
}

/** Tool calls are told whole: only the whole call carries the vendor's signature, which the call's id must hold. */
function createToolCallReader({ proofs, texts }: PartReaderOptions, generated: GeneratedMeter) {
  const pending = new Map<string, { readonly start: PartOf<'tool-input-start'>; text: string }>()
  const told = new Set<string>()

  function tell(call: Pick<PartOf<'tool-call'>, 'toolCallId' | 'toolName' | 'input'>, proof: Proof | undefined) {
    pending.delete(call.toolCallId)
    if (told.has(call.toolCallId)) return []
    const index = told.size
    told.add(call.toolCallId)
    const id = joinToolCallId(call.toolCallId, proofs, proof)
    const events: AnswerEvent[] = [
      { type: 'tool-call-start', index, id, name: call.toolName },
      { type: 'tool-call-delta', index, arguments: call.input === '' ? '{}' : call.input },
      { type: 'tool-call-end', index },
    ]
    return events
  }

  return {
    count: () => told.size,
    read(part: PartOf<'tool-input-start' | 'tool-input-delta' | 'tool-call'>): readonly AnswerEvent[] {
      switch (part.type) {
        case 'tool-input-start':
          if (part.providerExecuted === true) return []
          pending.set(part.id, { start: part, text: '' })
          texts?.keep(`${part.id}/name`, part.toolName)
          return []
        case 'tool-input-delta': {
          const open = pending.get(part.id)
          generated.add(part.delta, part.id)
          if (open !== undefined) open.text += part.delta
          return []
        }
        case 'tool-call':
          // What the vendor runs itself is none of the client's tools.
          if (part.providerExecuted === true) return []
          if (!pending.has(part.toolCallId) && !told.has(part.toolCallId))
            texts?.keep(`${part.toolCallId}/name`, part.toolName)
          generated.add(part.input.slice(pending.get(part.toolCallId)?.text.length ?? 0), part.toolCallId)
          return tell(part, readProof(proofs, part.providerMetadata))
      }
    },
    /** Calls that came in pieces and were never told whole: the pieces are the call. */
    end(): readonly AnswerEvent[] {
      return [...pending.values()].flatMap(({ start, text }) =>
        tell(
          {
            toolCallId: start.id,
            toolName: start.toolName,
            input: start.inputEncoding === 'text' ? JSON.stringify(text) : text,
          },
          readProof(proofs, start.providerMetadata),
        ),
      )
    },
  }
}

/** A thought's proof may come with its beginning, with any piece or with its end. */
function createThoughtReader(proofs: ProofForm | undefined, generated: GeneratedMeter) {
  const open = new Map<string, { hasText: boolean; proof: Proof | undefined }>()
  return {
    read(part: PartOf<'reasoning-start' | 'reasoning-delta' | 'reasoning-end'>): readonly AnswerEvent[] {
      const thought = open.get(part.id) ?? { hasText: false, proof: undefined }
      open.set(part.id, thought)
      const proof = readProof(proofs, part.providerMetadata)
      if (proof !== undefined) thought.proof = { ...thought.proof, ...proof }
      switch (part.type) {
        case 'reasoning-start':
          return []
        case 'reasoning-delta':
          if (part.delta === '') return []
          thought.hasText = true
          generated.add(part.delta, 'reasoning')
          return [{ type: 'reasoning-delta', text: part.delta }]
        case 'reasoning-end':
          open.delete(part.id)
          return endThought(thought)
      }
    },
  }

  /** A thought without text and with a proof is one that the vendor does not show. */
  function endThought({ hasText, proof }: { hasText: boolean; proof: Proof | undefined }): readonly AnswerEvent[] {
    const sealed = proofs === undefined || proof === undefined ? undefined : sealProof(proofs, proof)
    if (hasText) return [{ type: 'reasoning-end', signature: sealed, redacted: undefined }]
    return sealed === undefined ? [] : [{ type: 'reasoning-end', signature: undefined, redacted: sealed }]
  }
}

/** The content of a whole answer as the parts a stream would have had. */
export function toParts(content: readonly LanguageModelV4Content[]): readonly LanguageModelV4StreamPart[] {
  return content.flatMap((part, index): LanguageModelV4StreamPart[] => {
    const id = String(index)
    switch (part.type) {
      case 'text':
        return [{ type: 'text-delta', id, delta: part.text }]
      case 'reasoning':
        return [
          { type: 'reasoning-delta', id, delta: part.text, ...metadataOf(part) },
          { type: 'reasoning-end', id },
        ]
      case 'tool-call':
        return [part]
      default:
        return []
    }
  })
}

function metadataOf({ providerMetadata }: { readonly providerMetadata?: SharedV4ProviderMetadata }) {
  return providerMetadata === undefined ? {} : { providerMetadata }
}

function toFinishReason(reason: LanguageModelV4FinishReason, hasToolCalls: boolean): FinishReason {
  switch (reason.unified) {
    case 'stop':
      return hasToolCalls ? 'tool-calls' : 'stop'
    case 'length':
      return 'length'
    case 'content-filter':
      return 'refusal'
    case 'tool-calls':
      return 'tool-calls'
    case 'error':
    case 'interrupted':
    case 'other':
      return hasToolCalls ? 'tool-calls' : 'other'
  }
}

function findStopSequence(metadata: SharedV4ProviderMetadata | undefined): string | undefined {
  const found = Object.values(metadata ?? {}).map((values) => values['stopSequence'])
  return found.find((value) => typeof value === 'string')
}

function cut(): PlatformError {
  return new PlatformError('UPSTREAM_CUT', 'the endpoint closed the stream before its end')
}
