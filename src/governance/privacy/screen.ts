import { PlatformError } from '../../core/errors.ts'
import type { PersonalDataScanner, ScanOptions } from '../../core/ports-privacy.ts'
import { createTokenBook } from './masking/token-book.ts'
import type { PersonalDataVault } from './vault/index.ts'

/** What is done with personal data in documents of a collection. */
export type PersonalDataAction = 'keep' | 'mask' | 'vault' | 'refuse'

export interface ScreenedDocument {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Takes personal data out of documents before anything of them is kept. */
export interface DocumentScreen {
  /**
   * The bytes to take in. `mask`: the type in brackets stands for each datum, for good · `vault`: a token stands for it, and the vault of
   * the tenant keeps the value. Rejects with DOCUMENT_REFUSED when it has personal data and may not, or when the data cannot be
   * taken out of its format.
   */
  screen(tenant: string, document: ScreenedDocument, action: PersonalDataAction): Promise<Uint8Array>
}

export function createDocumentScreen(deps: {
  readonly scanner: PersonalDataScanner
  readonly vault: PersonalDataVault
  readonly scan: () => ScanOptions
  /** The text of a document of any format, as search will read it. */
  readonly readText: (document: ScreenedDocument) => Promise<string>
}): DocumentScreen {
  const { scanner, vault, scan, readText } = deps
  return {
    async screen(tenant, document, action) {
      if (action === 'keep') return document.bytes
      const plain = decode(document.bytes)
      const text = plain ?? (await readText(document))
      const found = scanner.scan(text, scan())
      if (found.length === 0) return document.bytes
      if (action === 'refuse' || plain === undefined) throw toRefusal(document, found, action)
      if (action === 'mask') return Buffer.from(replaceEach(plain, found))
      const { nameValue } = await vault.open(tenant)
      const types = new Map(found.map(({ type, start, end }) => [plain.slice(start, end), type]))
      const book = createTokenBook({ scanner, scan: scan(), nameValue, holds: (token) => plain.includes(token) })
      const masked = book.mask(plain)
      const values = [...book.values].map(([token, value]) => [token, { type: types.get(value) ?? '', value }] as const)
      for (let from = 0; from < values.length; from += valuesAtOnce) {
        await vault.keep(tenant, new Map(values.slice(from, from + valuesAtOnce)))
      }
      return Buffer.from(masked)
    },
  }
}

const valuesAtOnce = 5_000

/** The text of bytes that are text; `undefined` for formats that have their text inside. */
function decode(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0) || bytes[0] === 0x25) return undefined // `%PDF` has no NUL of its own
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function replaceEach(text: string, found: ReturnType<PersonalDataScanner['scan']>): string {
  let masked = ''
  let end = 0
  for (const datum of found) {
    masked += `${text.slice(end, datum.start)}[${datum.type}]`
    end = datum.end
  }
  return masked + text.slice(end)
}

function toRefusal(
  { name }: ScreenedDocument,
  found: ReturnType<PersonalDataScanner['scan']>,
  action: PersonalDataAction,
): PlatformError {
  const types = [...new Set(found.map(({ type }) => type))]
  const why = action === 'refuse' ? 'its collection takes none' : 'it cannot be taken out of this format'
  return new PlatformError('DOCUMENT_REFUSED', `${name} holds personal data (${types.join(', ')}), and ${why}`, {
    details: { reason: 'personal-data', types },
  })
}
