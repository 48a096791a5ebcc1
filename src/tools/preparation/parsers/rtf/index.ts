export { readRtf } from './rtf.ts'
