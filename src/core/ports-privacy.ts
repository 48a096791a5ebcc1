/** The sockets through which personal data is recognised and masked. Filled by governance. */
import type { Call, Principal } from './call.ts'
import type { AnswerEvent, ChatRequest } from './chat.ts'

/** Recognises personal data in a text. */
export interface PersonalDataScanner {
  /** Every type it can find: `email`, `iban`, `cn-resident-id`, … */
  readonly types: readonly string[]
  /** In the order of the text, not overlapping. Throws INVALID_REQUEST for a type that there is not. Linear in the text. */
  scan(text: string, options?: ScanOptions): readonly PersonalDatum[]
  /** The same for long texts, while others have their turns. Rejects with the reason of the signal once it is aborted. */
  scanInTurns(text: string, options?: ScanOptions, signal?: AbortSignal): Promise<readonly PersonalDatum[]>
}

export interface ScanOptions {
  /** Only these; all when absent. */
  readonly types?: readonly string[] | undefined
  /** 0…1; 0.5 when absent. */
  readonly confidenceMin?: number | undefined
}

/** A place in a text where a person is told of. */
export interface PersonalDatum {
  readonly type: string
  /** UTF-16 code units, end exclusive. */
  readonly start: number
  readonly end: number
  /** Of the first character, from 1. */
  readonly line: number
  /** 0…1. */
  readonly confidence: number
  /** What spoke for it: `form`, `checksum`, `region`, `context`, … */
  readonly why: readonly string[]
}

/** Finds what no form tells of, names and addresses of people, by asking a model. Filled by governance. */
export interface NameRecogniser {
  /**
   * What each text tells, in the order of the texts, each in its own order and not overlapping: what is found in one is found in all
   * of them. Rejects with PERSONAL_DATA_REFUSED where it cannot be known and `onError` is `closed`, or `mustKnow` is set.
   */
  recognise(texts: readonly string[], as: RecogniseAs): Promise<readonly (readonly PersonalDatum[])[]>
}

export interface RecogniseAs {
  readonly tenant: string
  /** The call that waits for it, and pays. */
  readonly call?: Call | undefined
  /** Who asks, where there is no call; the house itself when absent. */
  readonly principal?: Principal | undefined
  /** Regions the texts are bound to. */
  readonly regions?: readonly string[] | undefined
  /** Whoever asks wants an answer or a failure, whatever the configuration says of failures. */
  readonly mustKnow?: boolean | undefined
}

/** Filled by platform: asks the model of the recogniser, as a call of its own or within the one it is for. */
export interface RecogniserAsk {
  /** The text of the answer. Rejects as a request would; DEADLINE_EXCEEDED after `durationMsMax`. */
  ask(request: ChatRequest, as: RecogniseAs & { readonly durationMsMax: number }): Promise<string>
}

/** Hides personal data from places that may not see it, and puts it back into what they answer. */
export interface PersonalDataMasker {
  /**
   * The request with a token in place of each datum, the same token for the same value of a tenant at all times. Rejects
   * with PERSONAL_DATA_REFUSED for a part that cannot be read: an image, sound, a file. `call` is what waits for it.
   */
  maskChat(request: ChatRequest, tenant: string, call?: Call): Promise<MaskedChat>
  /** Texts that nothing comes back of: what is embedded. */
  maskTexts(texts: readonly string[], tenant: string, call?: Call): Promise<readonly string[]>
  /** What a request tells of people, by type, with its number; parts that cannot be read count as `unreadable`. */
  findTypes(request: ChatRequest, tenant: string, call?: Call): Promise<ReadonlyMap<string, number>>
}

export interface MaskedChat {
  readonly request: ChatRequest
  /** The same events with every token that the request holds turned back into its value, wherever deltas part it. */
  readonly restore: (events: AsyncIterable<AnswerEvent>) => AsyncIterable<AnswerEvent>
}
