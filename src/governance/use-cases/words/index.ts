export { chinese } from './chinese.ts'
export { english } from './english.ts'
export type { Area, Words } from './words.ts'
