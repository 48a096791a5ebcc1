export { mayHoldPictures } from './sniff.ts'
export { createParsing, type Parsing } from './parsing.ts'
