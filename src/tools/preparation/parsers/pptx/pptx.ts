import { CanonicalBuilder, toInline } from '../../canonical/index.ts'
import type { SourceFile } from '../../preparation.ts'
import {
  childrenOf,
  findAll,
  findPath,
  holdsMacros,
  openArchive,
  refuse,
  textOf,
  type Archive,
  type Element,
} from '../../reading/index.ts'
import { toComment } from '../office/comments.ts'
import { findRelation, listRelations, readPart, readRelations, type Relation } from '../office/relations.ts'
import type { Canonical, ParseContext } from '../parser.ts'
import { placeholderOf } from './bullets.ts'
import { readWords, writeShapes } from './shapes.ts'

/** Presentations: a page for each slide, with its title, texts, lists, tables, charts, notes and comments. */
export async function readPptx(file: SourceFile, context: ParseContext): Promise<Canonical> {
  const archive = await openArchive(file.source, file.bytes, context.limits)
  const path = findRelation(readRelations(archive, '', context), 'officeDocument')?.target ?? 'ppt/presentation.xml'
  const presentation = findPath(readPart(archive, path, context), 'p:presentation')
  if (presentation === undefined) throw refuse(file.source, 'corrupt', `has no presentation in ${path}`)
  const relations = readRelations(archive, path, context)
  const { cx, cy } = findPath(presentation, 'p:sldSz')?.attributes ?? {}
  const deck: Deck = {
    archive,
    context,
    authors: readAuthors(archive, relations, context),
    size: cx === undefined || cy === undefined ? undefined : [toPoints(cx), toPoints(cy)],
    parts: new Map(),
    slides: 0,
  }
  const builder = new CanonicalBuilder()
  for (const { attributes } of childrenOf(findPath(presentation, 'p:sldIdLst'), 'p:sldId')) {
    const id = Object.entries(attributes).find(([name]) => name.endsWith(':id'))?.[1]
    readSlide(builder, deck, relations.get(id ?? '')?.target)
  }
  if (holdsMacros(archive)) builder.notice('macros')
  return builder.build()
}

interface Deck {
  readonly archive: Archive
  readonly context: ParseContext
  readonly authors: ReadonlyMap<string, string>
  readonly size: readonly [number, number] | undefined
  /** Layouts and masters, which many slides share. */
  readonly parts: Map<string, Element | undefined>
  /** How many have been read. */
  slides: number
}

function readSlide(builder: CanonicalBuilder, deck: Deck, path: string | undefined): void {
  const { archive, context } = deck
  deck.slides++
  builder.beginPage({ kind: 'slide', size: deck.size })
  if (context.millisecondsLeft() <= 0) return builder.endPage({ state: 'failed', reason: 'time' })
  const slide = path === undefined ? undefined : findPath(readPart(archive, path, context), 'p:sld')
  if (path === undefined || slide === undefined) return builder.endPage({ state: 'failed', reason: 'corrupt' })
  if (['0', 'false'].includes(slide.attributes['show'] ?? '1')) builder.notice(`hidden slide: ${deck.slides}`)
  const relations = readRelations(archive, path, context)
  const layoutPath = findRelation(relations, 'slideLayout')?.target
  const layout = readShared(deck, layoutPath)
  const masterPath =
    layoutPath === undefined
      ? undefined
      : findRelation(readRelations(archive, layoutPath, context), 'slideMaster')?.target
  const parents = [layout, readShared(deck, masterPath)]
  const start = builder.length
  writeShapes(builder, findPath(slide, 'p:cSld', 'p:spTree'), { relations, parents, archive, context })
  writeNotes(builder, deck, relations)
  writeComments(builder, deck, relations)
  builder.endPage(builder.length > start ? { state: 'ok' } : { state: 'degraded', reason: 'no-text' })
}

function readShared({ parts, archive, context }: Deck, path: string | undefined): Element | undefined {
  if (path === undefined) return undefined
  if (!parts.has(path)) parts.set(path, readPart(archive, path, context))
  return parts.get(path)
}

/** What the speaker has before him; without the picture and the number of the slide. */
function writeNotes(builder: CanonicalBuilder, { archive, context }: Deck, relations: Relations): void {
  const path = findRelation(relations, 'notesSlide')?.target
  const notes = path === undefined ? undefined : readPart(archive, path, context)
  for (const shape of findAll(notes, 'p:sp')) {
    if (placeholderOf(shape)?.type !== 'body') continue
    for (const paragraph of childrenOf(findPath(shape, 'p:txBody'), 'a:p')) {
      builder.paragraph(readWords(paragraph, relations), { kind: 'note' })
    }
  }
}

type Relations = ReadonlyMap<string, Relation>

function writeComments(builder: CanonicalBuilder, { archive, context, authors }: Deck, relations: Relations): void {
  for (const { target } of listRelations(relations, 'comments')) {
    for (const comment of findAll(readPart(archive, target, context), 'p:cm', 'p188:cm')) {
      writeComment(builder, comment, authors)
      for (const reply of findAll(comment, 'p188:reply')) writeComment(builder, reply, authors)
    }
  }
}

function writeComment(builder: CanonicalBuilder, comment: Element, authors: ReadonlyMap<string, string>): void {
  const { authorId = '', dt, created } = comment.attributes
  const plain = textOf(findPath(comment, 'p:text'))
  const body = childrenOf(comment, 'p188:txBody').flatMap((each) => findAll(each, 'a:t').map(textOf))
  const text = `${plain}${body.join('')}`.replace(/\s+/g, ' ').trim()
  if (text === '') return
  const line = toComment({ author: authors.get(authorId), date: dt ?? created, text })
  builder.paragraph(toInline(line), { kind: 'note' })
}

function readAuthors(archive: Archive, relations: Relations, context: ParseContext): ReadonlyMap<string, string> {
  const authors = new Map<string, string>()
  for (const { target } of [...listRelations(relations, 'commentAuthors'), ...listRelations(relations, 'authors')]) {
    for (const { attributes } of findAll(readPart(archive, target, context), 'p:cmAuthor', 'p188:author')) {
      const { id = '', name = '', initials } = attributes
      authors.set(id, initials === undefined || initials === '' ? name : `${name} (${initials})`)
    }
  }
  return authors
}

/** English Metric Units, 12,700 to the point. */
function toPoints(units: string): number {
  return Math.round((Number(units) / 12_700) * 10) / 10
}
