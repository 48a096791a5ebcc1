import type { Archive } from '../../reading/index.ts'
import { childrenOf, findAll, findPath, textOf } from '../../reading/index.ts'
import { toComment } from '../office/comments.ts'
import { listRelations, readPart, type Relation } from '../office/relations.ts'
import type { CellComment } from '../office/sheets.ts'
import type { ParseContext } from '../parser.ts'

export interface CommentParts {
  readonly archive: Archive
  readonly relations: ReadonlyMap<string, Relation>
  /** Names by id, of those who comment in threads. */
  readonly persons: ReadonlyMap<string, string>
  readonly context: ParseContext
}

/** Notes of cells, then comments in threads, which old programs see as notes of their own kind. */
export function readComments({ archive, relations, persons, context }: CommentParts): readonly CellComment[] {
  const comments: CellComment[] = []
  for (const { target } of listRelations(relations, 'comments')) {
    const root = findPath(readPart(archive, target, context), 'comments')
    const authors = childrenOf(findPath(root, 'authors'), 'author').map(textOf)
    for (const comment of findAll(root, 'comment')) {
      const author = authors[Number(comment.attributes['authorId'] ?? -1)]
      if (author?.startsWith('tc=') === true) continue
      const text = findAll(comment, 't').map(textOf).join('').replace(/\s+/g, ' ').trim()
      const own = author !== undefined && text.startsWith(`${author}:`) ? text.slice(author.length + 1).trim() : text
      comments.push({ cell: comment.attributes['ref'] ?? '', line: toComment({ author, date: undefined, text: own }) })
    }
  }
  for (const { target } of listRelations(relations, 'threadedComment')) {
    for (const comment of findAll(readPart(archive, target, context), 'threadedComment')) {
      const { ref: cell = '', dT: date, personId = '' } = comment.attributes
      const text = textOf(findPath(comment, 'text')).replace(/\s+/g, ' ').trim()
      comments.push({ cell, line: toComment({ author: persons.get(personId), date, text }) })
    }
  }
  return comments.filter(({ line }) => line !== '')
}

export function readPersons(
  archive: Archive,
  relations: CommentParts['relations'],
  context: ParseContext,
): CommentParts['persons'] {
  const persons = new Map<string, string>()
  for (const { target } of listRelations(relations, 'person')) {
    for (const { attributes } of findAll(readPart(archive, target, context), 'person')) {
      persons.set(attributes['id'] ?? '', attributes['displayName'] ?? '')
    }
  }
  return persons
}
