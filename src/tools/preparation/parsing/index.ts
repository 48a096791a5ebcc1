export { createParsing, type Parsing } from './parsing.ts'
