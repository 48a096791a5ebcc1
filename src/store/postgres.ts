import pg from 'pg'
import type { PostgresPool } from 'kysely'
import { PlatformError } from '../core/errors.ts'
import type { EventLog } from '../core/ports.ts'
import { toInteger } from './sqlite.ts'

const connectMsMax = 5_000
const int8 = 20
const numeric = 1700

/** A pool whose integers are numbers while that is exact and bigints beyond, as on SQLite. */
export function createPostgresPool(
  options: { readonly url: string; readonly connectionsMax: number },
  log: EventLog,
): PostgresPool {
  const pool = new pg.Pool({ ...toClientConfig(options.url), max: options.connectionsMax })
  // An idle connection that the server drops is replaced by the next query; unheard, the event would end the process.
  pool.on('error', (thrown) => log.warn({ reason: toReason(thrown) }, 'a database connection was lost'))
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      try {
        return await pool.connect()
      } catch (thrown) {
        throw toUnavailable(thrown)
      }
    },
  }
}

/** One connection outside the pool. Rejects with `STORE_UNAVAILABLE`. */
export async function connectPostgres(url: string): Promise<pg.Client> {
  const client = new pg.Client(toClientConfig(url))
  client.on('error', () => undefined) // the next query on it rejects and tells
  try {
    await client.connect()
    return client
  } catch (thrown) {
    throw toUnavailable(thrown)
  }
}

function toClientConfig(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: connectMsMax,
    application_name: 'strata',
    keepAlive: true,
    types: { getTypeParser: findTypeParser },
  }
}

/** Ours for the two types of integers beyond 32 bits, the driver's for all others. */
function findTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (format !== 'binary' && (oid === int8 || oid === numeric)) return parseInteger
  return format === 'binary'
    ? (pg.types.getTypeParser(oid, format) as (value: unknown) => unknown) // the driver hands each its own format
    : pg.types.getTypeParser(oid, 'text')
}

/** Sums of integers are `numeric` and whole; what has a fraction stays text, because a float would round it. */
function parseInteger(value: string): number | bigint | string {
  return /^-?\d+$/.test(value) ? toInteger(BigInt(value)) : value
}

/** Never the URL: it holds a password. */
function toUnavailable(thrown: unknown): PlatformError {
  return new PlatformError('STORE_UNAVAILABLE', `PostgreSQL at store.url does not answer: ${toReason(thrown)}`, {
    cause: thrown,
  })
}

function toReason(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown reason'
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code
  return thrown.message
}
