import { toInline, type CanonicalBuilder } from '../../canonical/index.ts'
import { findAll, textOf, type Element } from '../../reading/index.ts'
import { toComment } from '../office/comments.ts'

export interface NotesOptions {
  /** The root of the part of a kind: `footnotes`, `comments`. */
  readonly related: (type: string) => Element | undefined
  /** What the text refers to: `footnote 3`. */
  readonly references: ReadonlySet<string>
}

/** Footnotes and endnotes that the text refers to, then comments with who made them, below the text. */
export function writeNotes(builder: CanonicalBuilder, { related, references }: NotesOptions): void {
  for (const kind of ['footnote', 'endnote'] as const) {
    for (const note of findAll(related(`${kind}s`), `w:${kind}`)) {
      const id = note.attributes['w:id'] ?? ''
      if (!references.has(`${kind} ${id}`)) continue
      const text = wordsOf(note)
      if (text !== '') builder.paragraph(toInline(`[^${id}]: ${text}`), { kind: 'note' })
    }
  }
  for (const comment of findAll(related('comments'), 'w:comment')) {
    const { 'w:author': author, 'w:date': date } = comment.attributes
    const text = wordsOf(comment)
    if (text !== '') builder.paragraph(toInline(toComment({ author, date, text })), { kind: 'note' })
  }
}

function wordsOf(element: Element): string {
  return findAll(element, 'w:p')
    .map((paragraph) => findAll(paragraph, 'w:t').map(textOf).join(''))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
}
