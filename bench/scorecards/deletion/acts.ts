import type { ContextWriter } from '../../../src/core/ports-contexts.ts'

/** What a process does to documents until it is killed: one act after another. */
export type Act =
  | { readonly type: 'put'; readonly externalId: string; readonly word: string }
  | { readonly type: 'delete'; readonly externalId: string }
  | { readonly type: 'access'; readonly externalId: string; readonly isOpen: boolean }

/** What the process is given on its command line. */
export interface Plan {
  readonly folder: string
  readonly seed: number
  readonly config: Readonly<Record<string, unknown>>
  readonly acts: readonly Act[]
}

/** A text that holds the word in both languages, among lines that all such texts have. */
export function toText(word: string): string {
  return `# Note\n\nThe word of this note is ${word}, and 这份文件的暗号是${word}。\n\nOther lines are common. 其他内容都一样。\n`
}

/** A word that stands in what is written of the passages of such a text, and in no text. */
export function toContextWord(word: string): string {
  return `${Array.from(word).toReversed().join('')}written`
}

/** Writes of a passage by the word that stands in it. */
export const noteWriter: ContextWriter = {
  write({ own }) {
    const word = /(?:note is |暗号是)([a-z]+\d+)/.exec(own)?.[1]
    const text = `A part of the note about ${word === undefined ? 'nothing' : toContextWord(word)}.`
    return Promise.resolve({ text, isCut: false, usage: undefined, cost: undefined })
  },
}

export function toAccess(
  isOpen: boolean,
): { readonly allow: readonly string[]; readonly deny: readonly string[] } | undefined {
  return isOpen ? undefined : { allow: ['user:ada'], deny: [] }
}
