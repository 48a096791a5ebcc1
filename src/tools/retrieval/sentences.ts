/** A piece of a passage by which it is ranked. UTF-16 units into the passage's text, end exclusive. */
export interface Sentence {
  readonly start: number
  readonly end: number
}

/** As many as a passage is parted into at most: one bit each in the index. */
const sentencesMax = 8
const lengthMin = { latin: 200, han: 70 }
const sentenceEnd = /[。！？；!?…]+["'”’」』）)\]]*|\.["'”’)\]]*(?=\s)|[\r\n]+/g

/**
 * Parts a passage into neighbouring pieces of whole sentences or lines, at most `sentencesMax`, each long enough to say
 * something. They hold all of the text. The same text always gives the same pieces: the index counts on it.
 */
export function toSentences(text: string): readonly Sentence[] {
  const isHan = (text.match(/[\u3400-\u9fff]/g)?.length ?? 0) * 3 > text.length
  const wanted = Math.max(isHan ? lengthMin.han : lengthMin.latin, Math.ceil(text.length / sentencesMax))
  const sentences: Sentence[] = []
  let start = 0
  for (const { 0: mark, index } of text.matchAll(sentenceEnd)) {
    const end = index + mark.length
    if (end - start < wanted || sentences.length === sentencesMax - 1) continue
    sentences.push({ start, end })
    start = end
  }
  if (start < text.length) {
    const last = sentences.at(-1)
    // A short rest belongs to what stands before it.
    if (last !== undefined && text.length - start < wanted / 2)
      sentences[sentences.length - 1] = { start: last.start, end: text.length }
    else sentences.push({ start, end: text.length })
  }
  return sentences
}
