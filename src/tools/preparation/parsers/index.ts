import { PlatformError } from '../../../core/errors.ts'
import type { SourceFile } from '../preparation.ts'
import { markdownParser } from './markdown.ts'
import type { Parser } from './parser.ts'
import { textParser } from './text.ts'

export type { Block, Canonical, Parser, Section, Span } from './parser.ts'

/** Every parser there is. A new format is one file and one line here. */
const parsers: readonly Parser[] = [markdownParser, textParser]

/** By the media type that was stated, else by the extension; what has no known extension is read as text. */
export function chooseParser(file: SourceFile): Parser {
  const [essence = ''] = (file.mediaType ?? '').split(';')
  const mediaType = essence.trim().toLowerCase()
  if (mediaType !== '' && mediaType !== 'application/octet-stream') {
    const parser = parsers.find((candidate) => candidate.mediaTypes.includes(mediaType))
    if (parser !== undefined) return isPlain(parser) ? chooseByExtension(file.source) : parser
    const known = parsers.flatMap((candidate) => candidate.mediaTypes).join(', ')
    throw new PlatformError('DOCUMENT_REFUSED', `${file.source} is ${mediaType}; what can be read is ${known}`, {
      details: { reason: 'media-type' },
    })
  }
  return chooseByExtension(file.source)
}

/** `text/plain` is what clients say when they do not know, so the extension may say more. */
function isPlain(parser: Parser): boolean {
  return parser === textParser
}

function chooseByExtension(source: string): Parser {
  const extension = /\.([^./\\]+)$/.exec(source)?.[1]?.toLowerCase() ?? ''
  return parsers.find((candidate) => candidate.extensions.includes(extension)) ?? textParser
}
