export { readPptx } from './pptx.ts'
