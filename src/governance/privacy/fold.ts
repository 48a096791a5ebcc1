/**
 * A text for reading identifiers in: full-width letters, digits and punctuation as ASCII, digits of other scripts as
 * ASCII, every space as a space, every dash as a hyphen. One code unit for one code unit, so an offset holds in both.
 */
export function foldText(text: string): string {
  if (!foldable.test(text)) return text
  const units = new Uint16Array(text.length)
  for (let index = 0; index < text.length; index++) units[index] = foldUnit(text.charCodeAt(index))
  return Buffer.from(units.buffer).toString('utf16le')
}

const foldable =
  /[\u00a0\u00ad\u0660-\u0669\u06f0-\u06f9\u2000-\u2015\u202f\u205f\u2060\u2212\u3000\ufe58\ufe63\ufeff\uff01-\uff5e]/

const space = 0x20
const hyphen = 0x2d

function foldUnit(unit: number): number {
  if (unit < 0xa0) return unit
  if (unit >= 0xff01 && unit <= 0xff5e) return unit - 0xfee0
  if (unit >= 0x0660 && unit <= 0x0669) return unit - 0x0660 + 48
  if (unit >= 0x06f0 && unit <= 0x06f9) return unit - 0x06f0 + 48
  if (unit >= 0x2010 && unit <= 0x2015) return hyphen
  if (unit === 0x2212 || unit === 0xfe58 || unit === 0xfe63 || unit === 0x00ad) return hyphen
  // Spaces of every width, also those of none, which some documents put between digits.
  if ((unit >= 0x2000 && unit <= 0x200f) || unit === 0x3000 || unit === 0xa0) return space
  if (unit === 0x202f || unit === 0x205f || unit === 0x2060 || unit === 0xfeff) return space
  return unit
}
