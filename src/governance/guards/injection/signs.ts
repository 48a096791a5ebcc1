import { chineseSigns } from './chinese.ts'
import { englishSigns } from './english.ts'
import { europeanSigns } from './european.ts'
import type { Sign } from './sign.ts'

/** On folded text: lower case, Latin for look-alikes, simplified Han, single blanks. */
export const signs: readonly Sign[] = [...englishSigns, ...europeanSigns, ...chineseSigns]

/** Where words are parted by blanks, a sign does not end within one. */
export function isLatin({ source }: Sign): boolean {
  return !/[\u3400-\u9fff]/.test(source)
}

/** What counts beside what is said: characters that nobody sees, and instructions hidden in an encoding. */
export const unseenWeight = 0.3
export const encodedWeight = 0.3
export const unseenMin = 8
