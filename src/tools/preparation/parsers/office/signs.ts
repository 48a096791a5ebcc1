/** Signs of Wingdings and the like, by the private code points that Word gives them. */
const signs: Readonly<Record<number, string>> = {
  0xf0a8: '☐',
  0xf06f: '☐',
  0xf0fe: '☒',
  0xf0fd: '☒',
  0xf0fc: '✓',
  0xf0a7: '▪',
  0xf0b7: '•',
  0xf0e0: '→',
  0xf0e8: '→',
  0xf052: '☑',
}

/** The sign that stands at a private code point; nothing for one that has no meaning without its font. */
export function toSign(code: number): string {
  return signs[code] ?? ''
}
