/** Signs of Wingdings and the like, by their byte. */
const signs: Readonly<Record<number, string>> = {
  0x52: '☑',
  0x6f: '☐',
  0xa7: '▪',
  0xa8: '☐',
  0xb7: '•',
  0xe0: '→',
  0xe8: '→',
  0xfc: '✓',
  0xfd: '☒',
  0xfe: '☒',
}

/** What the font Symbol shows, from 0x20 and from 0xa0. */
const greekLower = ' !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼'
const greekUpper = '€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭'

/** Whether letters of a font are signs. */
export function isSignFont(font: string): boolean {
  return /^(?:symbol|wingdings|webdings)/i.test(font)
}

/** Whether a font is Symbol, which has Greek letters and mathematics where others have boxes and arrows. */
export function isGreekFont(font: string): boolean {
  return /^symbol\b/i.test(font)
}

/**
 * What a font of signs shows for a byte, or for the private code point (0xf000 and the byte) that programs keep it as; nothing for what
 * has no meaning without its font.
 */
export function toSign(code: number, font = ''): string {
  const byte = code & 0xff
  if (!isGreekFont(font)) return signs[byte] ?? ''
  return (byte >= 0xa0 ? greekUpper[byte - 0xa0] : greekLower[byte - 0x20]) ?? ''
}
