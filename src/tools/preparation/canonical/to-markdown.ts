import type { Block, Canonical, Mark } from '../parsers/parser.ts'

/**
 * The document as Markdown: its canonical text with the looks of words put in (bold, links), and signs that Markdown
 * would take for its own escaped. Of a document that is Markdown, its text as it is.
 */
export function toMarkdown(canonical: Canonical): string {
  const { text, marks, sections, pages } = canonical
  const isMade = marks.length > 0 || canonical.origins.length > 0 || pages.some((page) => page.kind !== 'text')
  if (!isMade) return text
  const edits: Edit[] = [
    ...toEdits(marks),
    ...sections.flatMap(({ blocks }) => blocks.flatMap((block) => escapes(text, block))),
  ]
  edits.sort((a, b) => a.at - b.at || a.order - b.order)
  let markdown = ''
  let done = 0
  for (const { at, insert } of edits) {
    markdown += text.slice(done, at) + insert
    done = at
  }
  return markdown + text.slice(done)
}

interface Edit {
  readonly at: number
  readonly insert: string
  /** Of edits at one place: what closes, then what opens, then escapes. */
  readonly order: number
}

const signs: Readonly<Record<Mark['type'], string>> = {
  strong: '**',
  emphasis: '*',
  strike: '~~',
  code: '`',
  link: '[',
  formula: '',
}

/** Marks opened and closed so that they lie in each other as brackets do. */
function toEdits(marks: readonly Mark[]): readonly Edit[] {
  const shown = marks.filter((mark) => mark.type !== 'formula' && mark.end > mark.start)
  const places = [...new Set(shown.flatMap((mark) => [mark.start, mark.end]))].toSorted((a, b) => a - b)
  const starting = Map.groupBy(shown, (mark) => mark.start)
  const edits: Edit[] = []
  const open: Mark[] = []
  for (const at of places) {
    const lowest = open.findIndex((mark) => mark.end <= at)
    const closed = lowest < 0 ? [] : open.splice(lowest)
    for (const mark of closed.toReversed()) edits.push({ at, insert: closing(mark), order: 0 })
    const opened = [...closed.filter((mark) => mark.end > at), ...(starting.get(at) ?? [])]
    for (const mark of opened.toSorted((a, b) => b.end - a.end)) {
      if (open.some((other) => other.type === mark.type)) continue
      open.push(mark)
      edits.push({ at, insert: signs[mark.type], order: 1 })
    }
  }
  return edits
}

function closing(mark: Mark): string {
  return mark.type === 'link' ? `](${(mark.href ?? '').replace(/[\s()<>]/g, toPercent)})` : signs[mark.type]
}

/** Also brackets, which stand for themselves in addresses and end them in Markdown. */
function toPercent(character: string): string {
  return /[()]/.test(character) ? `%${character.charCodeAt(0).toString(16)}` : encodeURIComponent(character)
}

/** Backslashes before what would be read as structure. */
function escapes(text: string, block: Block): readonly Edit[] {
  const kind = block.kind ?? 'paragraph'
  if (kind === 'code' || kind === 'formula' || kind === 'html') return []
  const inside = text.slice(block.start, block.end)
  const pattern =
    kind === 'paragraph' || kind === 'note' || kind === 'furniture'
      ? /\*(?=\S)|`|<(?=[a-z/!])|^(?:#{1,6}(?= )|[-+](?= )|>|\d{1,9}(?=[.)] ))/gim
      : /\*(?=\S)|<(?=[a-z/!])/gi
  return Array.from(inside.matchAll(pattern), ({ index, 0: match }) => ({
    at: block.start + index + (/^\d/.test(match) ? match.length : 0),
    insert: '\\',
    order: 2,
  }))
}
