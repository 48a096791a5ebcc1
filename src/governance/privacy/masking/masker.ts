import type { ChatRequest } from '../../../core/chat.ts'
import type { PersonalDataMasker, PersonalDataScanner, ScanOptions } from '../../../core/ports-privacy.ts'
import type { PersonalDataVault } from '../vault/index.ts'
import { maskChat, readTexts } from './mask-chat.ts'
import { restoreEvents } from './restore-events.ts'
import { createTokenBook, type TokenBook } from './token-book.ts'

export interface MaskerParts {
  readonly scanner: PersonalDataScanner
  readonly vault: Pick<PersonalDataVault, 'open'>
  /** What is masked. */
  readonly scan: ScanOptions
}

export function createMasker({ scanner, vault, scan }: MaskerParts): PersonalDataMasker {
  async function openBook(texts: readonly string[], tenant: string): Promise<TokenBook> {
    const { nameValue } = await vault.open(tenant)
    return createTokenBook({ scanner, scan, nameValue, holds: (token) => texts.some((text) => text.includes(token)) })
  }

  return {
    async maskChat(request, tenant) {
      const { texts } = readTexts(request.chat)
      const book = await openBook(texts, tenant)
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
    async maskTexts(texts, tenant) {
      const book = await openBook(texts, tenant)
      return texts.map((text) => book.mask(text))
    },
    findTypes(request) {
      const types = new Map<string, number>()
      const { texts, unreadable } = readTexts(request.chat)
      for (const text of texts) {
        for (const { type } of scanner.scan(text, scan)) types.set(type, (types.get(type) ?? 0) + 1)
      }
      if (unreadable > 0) types.set('unreadable', unreadable)
      return types
    },
  }
}
