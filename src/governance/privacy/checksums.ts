/** Check digits of identifiers. Each takes the bare characters, no separators, upper case, and never throws. */

/** ISO/IEC 7812-1 annex B: payment cards. */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let index = digits.length - 1, isDoubled = false; index >= 0; index--, isDoubled = !isDoubled) {
    const digit = digits.charCodeAt(index) - 48
    sum += isDoubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0
}

/** ISO 7064 MOD 97-10 as ISO 13616 uses it: IBAN. */
export function passesMod97(iban: string): boolean {
  const moved = iban.slice(4) + iban.slice(0, 4)
  let rest = 0
  for (let index = 0; index < moved.length; index++) {
    const code = moved.charCodeAt(index)
    rest = code < 58 ? (rest * 10 + code - 48) % 97 : (rest * 100 + code - 55) % 97
  }
  return rest === 1
}

/** ISO 7064 MOD 11-2 as GB 11643 uses it: resident identity number, 17 digits and a digit or X. */
export function passesMod11(id: string): boolean {
  let rest = 0
  for (let index = 0; index < id.length - 1; index++) rest = ((rest + id.charCodeAt(index) - 48) * 2) % 11
  const last = id.charAt(id.length - 1)
  return (rest + (last === 'X' ? 10 : Number(last))) % 11 === 1
}

/** GB 32100: unified social credit code, 18 characters of an alphabet of 31. */
export function passesMod31(code: string): boolean {
  let sum = 0
  let weight = 1
  for (let index = 0; index < 17; index++) {
    const value = alphabet31.indexOf(code.charAt(index))
    if (value === -1) return false
    sum += value * weight
    weight = (weight * 3) % 31
  }
  return alphabet31.charAt((31 - (sum % 31)) % 31) === code.charAt(17)
}

const alphabet31 = '0123456789ABCDEFGHJKLMNPQRTUWXY'

/** Hong Kong identity card: one or two letters, six digits, a check digit or A. */
export function passesHongKong(id: string): boolean {
  const padded = id.padStart(9, ' ')
  let sum = 0
  for (let index = 0; index < 8; index++) {
    const code = padded.charCodeAt(index)
    sum += (code === 32 ? 36 : code > 64 ? code - 55 : code - 48) * (9 - index)
  }
  const last = padded.charAt(8)
  return (sum + (last === 'A' ? 10 : Number(last))) % 11 === 0
}

/** Taiwan identity card and resident certificate: a letter, then 1, 2, 8, 9 or (older certificates) A to D, then eight digits. */
export function passesTaiwan(id: string): boolean {
  const area = taiwanOrder.indexOf(id.charAt(0)) + 10
  const second = id.charCodeAt(1)
  const kind = second > 64 ? (taiwanOrder.indexOf(id.charAt(1)) + 10) % 10 : second - 48
  let sum = Math.floor(area / 10) + (area % 10) * 9 + kind * 8
  for (let index = 2; index < 9; index++) sum += (id.charCodeAt(index) - 48) * (9 - index)
  return (sum + id.charCodeAt(9) - 48) % 10 === 0
}

/** A is 10, B is 11, … in the order in which the places were numbered. */
const taiwanOrder = 'ABCDEFGHJKLMNPQRSTUVXYWZIO'
