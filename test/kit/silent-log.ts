import type { EventLog } from '../../src/core/ports.ts'

/** What is said is of no use where only the record is read. */
export const silentLog: EventLog = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {
  // says nothing
}
