export type { AnswerMeta, Dialect, SseEvent, StreamDecoder, StreamEncoder, WireReader } from './dialect.ts'
