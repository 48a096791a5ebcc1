export { decide, toCondition, type Condition, type Truth } from './condition.ts'
export { findUnreachable, type Unreachable } from './reach.ts'
export { createSignalReader, findQuestion, type Signal, type SignalParts, type SignalValue } from './signals.ts'
