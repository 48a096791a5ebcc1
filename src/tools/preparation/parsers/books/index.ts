export { readEpub } from './epub.ts'
