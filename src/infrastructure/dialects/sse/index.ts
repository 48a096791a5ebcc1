export { createFramer, joinData, manyLines, noLine, type Frame, type Framer } from './framing.ts'
export { createSseReader, type SseReader } from './reader.ts'
export { toSse } from './writer.ts'
