/** The sockets through which personal data is recognised and masked. Filled by governance. */
import type { AnswerEvent, ChatRequest } from './chat.ts'

/** Recognises personal data in a text. */
export interface PersonalDataScanner {
  /** Every type it can find: `email`, `iban`, `cn-resident-id`, … */
  readonly types: readonly string[]
  /** In the order of the text, not overlapping. Throws INVALID_REQUEST for a type that there is not. Linear in the text. */
  scan(text: string, options?: ScanOptions): readonly PersonalDatum[]
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

/** Hides personal data from places that may not see it, and puts it back into what they answer. */
export interface PersonalDataMasker {
  /**
   * The request with a token in place of each datum, the same token for the same value of a tenant at all times. Rejects
   * with PERSONAL_DATA_REFUSED for a part that cannot be read: an image, sound, a file.
   */
  maskChat(request: ChatRequest, tenant: string): Promise<MaskedChat>
  /** Texts that nothing comes back of: what is embedded. */
  maskTexts(texts: readonly string[], tenant: string): Promise<readonly string[]>
  /** What a request tells of people, by type, with its number; parts that cannot be read count as `unreadable`. */
  findTypes(request: ChatRequest): ReadonlyMap<string, number>
}

export interface MaskedChat {
  readonly request: ChatRequest
  /** The same events with every token that the request holds turned back into its value, wherever deltas part it. */
  readonly restore: (events: AsyncIterable<AnswerEvent>) => AsyncIterable<AnswerEvent>
}
