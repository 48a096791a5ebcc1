export { readDocx } from './docx.ts'
export { toComment } from './notes.ts'
