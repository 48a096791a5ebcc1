import { CanonicalBuilder } from '../../canonical/index.ts'
import type { SourceFile } from '../../preparation.ts'
import {
  childrenOf,
  findAll,
  findPath,
  openArchive,
  readMarkup,
  refuse,
  textOf,
  type Archive,
  type Element,
  type Markup,
} from '../../reading/index.ts'
import { writeMarkup } from '../html/index.ts'
import { readPart, resolvePath } from '../office/relations.ts'
import type { Canonical, ParseContext } from '../parser.ts'

/** Books: a page for each chapter, in the order of the spine. */
export async function readEpub(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const archive = await openArchive(file.source, file.bytes, context.limits)
  const read = (path: string): Element | undefined => readPart(archive, path, context)
  const [rootFile] = findAll(read('META-INF/container.xml'), 'rootfile')
  const path = rootFile?.attributes['full-path'] ?? ''
  const [book] = childrenOf(read(path))
  if (book === undefined) throw refuse(file.source, 'corrupt', 'has no description of its book')
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const locked = lockedPaths(read('META-INF/encryption.xml'))
  const targets = new Map(
    findAll(book, 'item', 'opf:item').map(({ attributes }) => [
      attributes['id'] ?? '',
      resolvePath(folder, decodePath(attributes['href'] ?? '')),
    ]),
  )
  const builder = new CanonicalBuilder()
  for (const { attributes } of findAll(book, 'itemref', 'opf:itemref')) {
    const target = targets.get(attributes['idref'] ?? '') ?? ''
    const name = target.slice(target.lastIndexOf('/') + 1)
    builder.beginPage({ kind: 'chapter', name })
    const reason = context.millisecondsLeft() <= 0 ? 'time' : locked.has(target) ? 'password' : undefined
    const chapter = reason === undefined ? readChapter(archive, target, context) : undefined
    if (chapter !== undefined) writeMarkup(builder, chapter.root, { hasSource: false })
    if (chapter === undefined) builder.endPage({ state: 'failed', reason: reason ?? 'corrupt' })
    else builder.endPage(chapter.flattened > 0 ? { state: 'degraded', reason: 'nesting' } : { state: 'ok' })
  }
  const title = textOf(findAll(findPath(book, 'metadata') ?? book, 'dc:title')[0]).trim()
  if (title !== '') builder.title = title
  return builder.build()
}

function readChapter(archive: Archive, path: string, { limits }: ParseContext): Markup | undefined {
  const text = archive.findText(path)
  if (text === undefined) return undefined
  return readMarkup(text, { dialect: 'xml', depthMax: limits.nestingMax, nodesMax: limits.nodesMax })
}

/** Chapters that a protection of rights has encrypted; obscured fonts are none. */
function lockedPaths(root: Element | undefined): ReadonlySet<string> {
  const places = findAll(root, 'enc:CipherReference', 'CipherReference').map(
    ({ attributes }) => attributes['URI'] ?? '',
  )
  return new Set(places.map((place) => resolvePath('', decodePath(place))))
}

function decodePath(path: string): string {
  const [bare = ''] = path.split('#')
  try {
    return decodeURIComponent(bare)
  } catch {
    return bare
  }
}
