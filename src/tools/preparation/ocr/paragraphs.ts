import { InlineBuilder, type Inline } from '../canonical/index.ts'
import type { Box } from '../parsers/parser.ts'
import type { Recognition, RecognisedWord } from './engine.ts'

/** Han, kana and their marks, which are written without blanks. */
const dense = /[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]/

/** Marks that the engine gives narrow, as they stand in Chinese text. */
const wide: Readonly<Record<string, string>> = { ',': '，', '.': '。', ';': '；', ':': '：', '?': '？', '!': '！' }

/** Paragraphs with the place of each word. `toBox` turns pixels of the picture into places on the page. */
export function toParagraphs(
  { paragraphs }: Pick<Recognition, 'paragraphs'>,
  toBox: (box: RecognisedWord['box']) => Box,
): readonly Inline[] {
  return paragraphs.map((lines) => {
    const inline = new InlineBuilder()
    const words = lines.flat()
    const lineStarts = new Set(lines.map(([first]) => first))
    let before: string | undefined
    for (const [index, word] of words.entries()) {
      const next = words[index + 1]
      const goesOn = lineStarts.has(next) && /\p{L}-$/u.test(word.text) && /^\p{Ll}/u.test(next?.text ?? '')
      const text = widen(goesOn ? word.text.slice(0, -1) : word.text, { before: before ?? '', after: next?.text ?? '' })
      if (before !== undefined && !(dense.test(before.slice(-1)) && dense.test(text.slice(0, 1)))) inline.space()
      const confidence = Math.round(word.confidence * 100) / 100
      inline.run(text, { origin: { box: toBox(word.box), confidence } })
      before = goesOn ? undefined : text
    }
    return inline.build()
  })
}

/** Between Han characters marks are wide. */
function widen(text: string, around: { readonly before: string; readonly after: string }): string {
  return text.replace(/[,.;:?!]/g, (mark, at: number) => {
    const before = at > 0 ? text.slice(at - 1, at) : around.before.slice(-1)
    const after = at + 1 < text.length ? text.slice(at + 1, at + 2) : around.after.slice(0, 1)
    return /\p{Script=Han}/u.test(before) && (after === '' || dense.test(after)) ? (wide[mark] ?? mark) : mark
  })
}
