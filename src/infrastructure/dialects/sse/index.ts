export { createFramer, joinData, manyLines, noLine, type Frame } from './framing.ts'
export { createSseReader, type SseReader } from './reader.ts'
export { toSse } from './writer.ts'
