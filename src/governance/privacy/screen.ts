import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { NameRecogniser, PersonalDataScanner, ScanOptions } from '../../core/ports-privacy.ts'
import { createTokenBook } from './masking/token-book.ts'
import { informScanner } from './names/index.ts'
import type { PersonalDataVault } from './vault/index.ts'

/** What is done with personal data in documents of a collection. */
export type PersonalDataAction = 'keep' | 'mask' | 'vault' | 'refuse'

export interface ScreenedDocument {
  readonly name: string
  readonly bytes: Uint8Array
  /** The region it is bound to. */
  readonly region?: string | undefined
}

/** Takes personal data out of documents before anything of them is kept. */
export interface DocumentScreen {
  /**
   * The bytes to take in. `mask`: the type in brackets stands for each datum, for good · `vault`: a token stands for it, and the vault of
   * the tenant keeps the value. Rejects with DOCUMENT_REFUSED when it has personal data and may not, or when the data cannot be
   * taken out of its format, and where names cannot be looked for and have to be.
   */
  screen(tenant: string, document: ScreenedDocument, action: PersonalDataAction): Promise<Uint8Array>
}

export function createDocumentScreen(deps: {
  readonly scanner: PersonalDataScanner
  readonly vault: PersonalDataVault
  readonly configured: () => { readonly scan: ScanOptions; readonly names: NameRecogniser | undefined }
  /** The text of a document of any format, as search will read it. */
  readonly readText: (document: ScreenedDocument) => Promise<string>
}): DocumentScreen {
  const { vault, readText } = deps
  return {
    async screen(tenant, document, action) {
      if (action === 'keep') return document.bytes
      const plain = decode(document.bytes)
      const text = plain ?? (await readText(document))
      const { scan, names } = deps.configured()
      const scanner = names === undefined ? deps.scanner : await inform(deps.scanner, { names, tenant, text, document })
      const found = await scanner.scanInTurns(text, scan)
      if (found.length === 0) return document.bytes
      if (action === 'refuse' || plain === undefined) throw toRefusal(document, found, action)
      if (action === 'mask') return Buffer.from(replaceEach(plain, found))
      const { nameValue } = await vault.open(tenant)
      const types = new Map(found.map(({ type, start, end }) => [plain.slice(start, end), type]))
      const holds = (token: string): boolean => plain.includes(token)
      const book = createTokenBook({ find: () => found, nameValue, holds })
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

interface Informing {
  readonly names: NameRecogniser
  readonly tenant: string
  readonly text: string
  readonly document: ScreenedDocument
}

/** The scanner with the names and addresses of a document. What is bound to a region is read within it. */
async function inform(
  scanner: PersonalDataScanner,
  { names, tenant, text, document: { name, region } }: Informing,
): Promise<PersonalDataScanner> {
  const regions = region === undefined ? undefined : [region]
  try {
    return informScanner(scanner, { texts: [text], found: await names.recognise([text], { tenant, regions }) })
  } catch (cause) {
    const { details } = toPlatformError(cause)
    throw new PlatformError('DOCUMENT_REFUSED', `names and addresses in ${name} could not be looked for`, {
      cause,
      details: { ...details, reason: 'personal-data-unknown' },
    })
  }
}

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
