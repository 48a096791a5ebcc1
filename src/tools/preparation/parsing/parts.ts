import type { ParsedDocument } from '../preparation.ts'
import { lists, type Part } from './messages.ts'

/** Elements of a list that are sent at once. */
const partLength = 1_000

/** A document as pieces to send: its long lists in parts, in order, and the rest of it. */
export function toParts(document: ParsedDocument): { readonly parts: readonly Part[]; readonly rest: ParsedDocument } {
  const long = lists.filter((list) => document[list].length > partLength)
  const parts = long.flatMap((list) => {
    const count = Math.ceil(document[list].length / partLength)
    return Array.from(
      { length: count },
      (_, index): Part => ({
        [list]: document[list].slice(index * partLength, (index + 1) * partLength),
      }),
    )
  })
  return { parts, rest: { ...document, ...Object.fromEntries(long.map((list) => [list, []])) } }
}

/** The document whose pieces these are. */
export function fromParts(parts: readonly Part[], rest: ParsedDocument): ParsedDocument {
  if (parts.length === 0) return rest
  return {
    ...rest,
    sections: [...parts.flatMap((part) => part.sections ?? []), ...rest.sections],
    pages: [...parts.flatMap((part) => part.pages ?? []), ...rest.pages],
    origins: [...parts.flatMap((part) => part.origins ?? []), ...rest.origins],
    marks: [...parts.flatMap((part) => part.marks ?? []), ...rest.marks],
  }
}
