import type { ChatRequest } from '../../../core/chat.ts'
import type { Call } from '../../../core/call.ts'
import type {
  NameRecogniser,
  PersonalDataMasker,
  PersonalDataScanner,
  PersonalDatum,
  ScanOptions,
} from '../../../core/ports-privacy.ts'
import { informScanner } from '../names/index.ts'
import type { PersonalDataVault } from '../vault/index.ts'
import { maskChat, readTexts } from './mask-chat.ts'
import { restoreEvents } from './restore-events.ts'
import { createTokenBook, type TokenBook, type TokenBookParts } from './token-book.ts'

export interface MaskerParts {
  readonly scanner: PersonalDataScanner
  readonly vault: Pick<PersonalDataVault, 'open'>
  /** What is masked. */
  readonly scan: ScanOptions
  /** Nothing is found but by form when absent. */
  readonly names?: NameRecogniser | undefined
}

export function createMasker({ scanner, vault, scan, names }: MaskerParts): PersonalDataMasker {
  /** A scanner that also finds in these texts what a model does. */
  async function inform(texts: readonly string[], tenant: string, call?: Call): Promise<PersonalDataScanner> {
    if (names === undefined) return scanner
    return informScanner(scanner, { texts, found: await names.recognise(texts, { tenant, call }) })
  }

  /** What is in these texts, by the text: they are scanned before they are asked for, and others have their turns while that is long. */
  async function createFinder(texts: readonly string[], tenant: string, call?: Call): Promise<TokenBookParts['find']> {
    const informed = await inform(texts, tenant, call)
    const found = new Map<string, readonly PersonalDatum[]>()
    for (const text of new Set(texts)) {
      found.set(text, await informed.scanInTurns(text, scan, call?.cancellation.signal))
    }
    return (text) => found.get(text) ?? informed.scan(text, scan)
  }

  async function openBook(texts: readonly string[], tenant: string, call?: Call): Promise<TokenBook> {
    const find = await createFinder(texts, tenant, call)
    const { nameValue } = await vault.open(tenant)
    return createTokenBook({
      find,
      nameValue,
      holds: (token) => texts.some((text) => text.includes(token)),
    })
  }

  return {
    async maskChat(request, tenant, call) {
      const { texts } = readTexts(request.chat)
      const book = await openBook(texts, tenant, call)
      const chat = maskChat(request.chat, book.mask)
      const masked: ChatRequest = {
        model: request.model,
        stream: request.stream,
        outputTokensMax: request.outputTokensMax,
        wire: undefined,
        chat,
      }
      return { request: masked, restore: (events) => restoreEvents(events, book.values) }
    },
    async maskTexts(texts, tenant, call) {
      const book = await openBook(texts, tenant, call)
      return texts.map((text) => book.mask(text))
    },
    async findTypes(request, tenant, call) {
      const types = new Map<string, number>()
      const { texts, unreadable } = readTexts(request.chat)
      const find = await createFinder(texts, tenant, call)
      for (const text of texts) for (const { type } of find(text)) types.set(type, (types.get(type) ?? 0) + 1)
      if (unreadable > 0) types.set('unreadable', unreadable)
      return types
    },
  }
}
