import { readPairs } from './han.ts'

const pairs = readPairs()
/** Characters that are written only where simplified ones are not, and the other way about (OpenCC). */
export const traditionalHan: ReadonlySet<string> = new Set(pairs.keys())
export const simplifiedHan: ReadonlySet<string> = new Set([...pairs.values()].filter((each) => !pairs.has(each)))
