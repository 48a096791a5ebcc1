import type { Archive } from '../../reading/index.ts'
import { childrenOf, readMarkup, refuse, type Element, type TakenElements } from '../../reading/index.ts'
import type { ParseContext } from '../parser.ts'

/** A part of an Office document as a tree; `undefined` when there is none of that name. */
export function readPart(archive: Archive, path: string, context: ParseContext): Element | undefined {
  const text = archive.findText(path)
  return text === undefined ? undefined : readXml({ path, text }, context)
}

export interface XmlPart {
  /** For what is said of it. */
  readonly path: string
  readonly text: string
  readonly taken?: TakenElements | undefined
}

/** Throws DOCUMENT_REFUSED: `nesting`. */
export function readXml({ path, text, taken }: XmlPart, { limits }: ParseContext): Element {
  const { nestingMax, nodesMax } = limits
  const { root, flattened } = readMarkup(text, { dialect: 'xml', depthMax: nestingMax, nodesMax, taken })
  if (flattened === 0) return root
  const allowed = `knowledge.parsing.nestingMax allows ${nestingMax}`
  throw refuse(path, 'nesting', `lies deeper in itself than any program writes; ${allowed}`)
}

export interface Relation {
  readonly id: string
  /** The last word of its type: `hyperlink`, `comments`, `notesSlide`. */
  readonly type: string
  /** A path in the archive, or an address when it lies outside. */
  readonly target: string
  readonly isExternal: boolean
}

/** What a part refers to, by id. */
export function readRelations(archive: Archive, path: string, context: ParseContext): ReadonlyMap<string, Relation> {
  const slash = path.lastIndexOf('/') + 1
  const folder = path.slice(0, slash)
  const root = readPart(archive, `${folder}_rels/${path.slice(slash)}.rels`, context)
  const relations = new Map<string, Relation>()
  for (const list of childrenOf(root, 'Relationships')) {
    for (const { attributes } of childrenOf(list, 'Relationship')) {
      const { Id: id = '', Type: type = '', Target: target = '', TargetMode: mode } = attributes
      const isExternal = mode === 'External'
      const where = isExternal ? target : resolvePath(folder, target)
      relations.set(id, { id, type: type.slice(type.lastIndexOf('/') + 1), target: where, isExternal })
    }
  }
  return relations
}

export function findRelation(relations: ReadonlyMap<string, Relation>, type: string): Relation | undefined {
  return [...relations.values()].find((relation) => relation.type === type && !relation.isExternal)
}

export function listRelations(relations: ReadonlyMap<string, Relation>, type: string): readonly Relation[] {
  return [...relations.values()].filter((relation) => relation.type === type && !relation.isExternal)
}

/** A path relative to a folder of the archive; what leads out of the archive ends at its root. */
export function resolvePath(folder: string, target: string): string {
  const steps = target.startsWith('/') ? [] : folder.split('/').filter((step) => step !== '')
  for (const step of target.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  return steps.join('/')
}
