export { readEpub } from './epub.ts'
export { readOdt } from './odt.ts'
