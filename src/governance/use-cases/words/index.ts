export { chinese } from './chinese.ts'
export { english } from './english.ts'
export { wordsOf, type Area, type Words } from './words.ts'
