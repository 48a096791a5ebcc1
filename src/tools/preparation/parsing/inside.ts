import type { ParsingLimits, SourceFile } from '../preparation.ts'
import type { FormatName } from '../parsers/index.ts'
import { openArchive, refuse } from '../reading/index.ts'

/** What a file that holds files is: an Office document, a book, or nothing that is read. Throws DOCUMENT_REFUSED. */
export async function lookInside(file: SourceFile, kind: 'zip' | 'ole', limits: ParsingLimits): Promise<FormatName> {
  if (kind === 'ole') throw refuse(file.source, 'legacy-format', 'is an old Office document; save it in a new format')
  const archive = await openArchive(file.source, file.bytes, limits)
  if (limits.macros === 'refuse' && archive.paths.some((path) => path.endsWith('vbaProject.bin'))) {
    throw refuse(file.source, 'macros', 'holds macros, which knowledge.parsing.macros refuses')
  }
  const found = markers.find(({ path }) => archive.has(path))
  if (found !== undefined) return found.format
  throw refuse(file.source, 'media-type', 'is an archive of files; unpack it first')
}

const markers: readonly { readonly path: string; readonly format: FormatName }[] = [
  { path: 'word/document.xml', format: 'docx' },
  { path: 'xl/workbook.xml', format: 'xlsx' },
  { path: 'ppt/presentation.xml', format: 'pptx' },
]
