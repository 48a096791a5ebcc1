import type { Kysely } from 'kysely'
import type { Engine } from '../engine.ts'

/**
 * One step of the schema, forward only. It runs in a transaction of its own, once per database; what has been released
 * is never edited, only followed by another. `id` orders the steps and is the number in the file's name.
 */
export interface Migration {
  readonly id: number
  readonly name: string
  up(sql: Kysely<unknown>, engine: Engine): Promise<void>
}
