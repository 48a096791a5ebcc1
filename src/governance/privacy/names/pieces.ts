/** Characters that neighbouring pieces share, so that what stands on a boundary is whole in one of them. */
const sharedCharacters = 160

/** A text in pieces of at most so many characters that overlap; cut behind a line or a blank where there is one near. */
export function cutInPieces(text: string, charactersMax: number): readonly string[] {
  const pieces: string[] = []
  for (let start = 0; ; ) {
    if (text.length - start <= charactersMax) {
      pieces.push(text.slice(start))
      return pieces
    }
    const end = findEnd(text, start, start + charactersMax)
    pieces.push(text.slice(start, end))
    start = toWhole(text, Math.max(start + 1, end - sharedCharacters))
  }
}

function findEnd(text: string, start: number, latest: number): number {
  const earliest = start + Math.floor((latest - start) * 0.8)
  for (const mark of ['\n', '。', ' ']) {
    const at = text.lastIndexOf(mark, latest - 1)
    if (at >= earliest) return at + 1
  }
  return toWhole(text, latest)
}

/** Never between the halves of a surrogate pair. */
function toWhole(text: string, at: number): number {
  const isLow = (text.charCodeAt(at) & 0xfc00) === 0xdc00
  return isLow && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 ? at - 1 : at
}
