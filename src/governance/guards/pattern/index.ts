export type { Pattern } from './matcher.ts'
export { createPatternFinder } from './pattern-finder.ts'
export { createPatternScanner } from './pattern-scanner.ts'
