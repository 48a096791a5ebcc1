import { pino } from 'pino'
import type { Config } from '../config/index.ts'
import type { JsonObject } from '../core/json.ts'
import type { EventLog } from '../core/ports.ts'
import { toIso, type Clock } from '../core/time.ts'
import { redact } from './redaction.ts'

export type LogLevel = Config['telemetry']['logLevel']

export interface LevelledLog extends EventLog {
  setLevel(level: LogLevel): void
}

export interface LogOptions {
  readonly level: LogLevel
  readonly clock: Clock
  /** Takes one line of JSON, without its line feed. */
  readonly writeLog: (line: string) => void
}

/** One line of JSON per event: level, time, fields, message. Credentials and content never pass, at any level. */
export function createLog(options: LogOptions): LevelledLog {
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${toIso(options.clock.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => options.writeLog(line.endsWith('\n') ? line.slice(0, -1) : line) },
  )
  const write = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: JsonObject, message: string) => {
    if (logger.isLevelEnabled(level)) logger[level](redact(fields), message)
  }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    setLevel(level) {
      logger.level = level
    },
  }
}
