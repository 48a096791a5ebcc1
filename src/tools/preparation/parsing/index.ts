export { mayHoldPictures } from './sniff.ts'
export { createParsing, isSimple, type Parsing } from './parsing.ts'
