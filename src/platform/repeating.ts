import type { LoadedConfig } from '../config/index.ts'
import { versionsGiven } from '../core/given.ts'
import { isJsonObject, type JsonValue } from '../core/json.ts'
import { createIdempotency, type Idempotency, type IdempotencyDeps } from '../investment/index.ts'
import type { Store } from '../store/index.ts'
import type { Knowledge } from '../tools/index.ts'

interface RepeatingParts extends Pick<IdempotencyDeps, 'clock' | 'random' | 'log'> {
  readonly store: Store
  readonly knowledge: Pick<Knowledge, 'listWithdrawn'>
  readonly loaded: LoadedConfig
}

/** Answers under idempotency keys, given again unless a document they rest on has gone. */
export function createRepeating({ knowledge, loaded, ...parts }: RepeatingParts): Idempotency {
  const isWithdrawn = createWithdrawnCheck(parts.store, knowledge)
  return createIdempotency({ ...parts, isWithdrawn, config: loaded.config.server.idempotency })
}

/** Whether a kept answer rests on a deleted document: what its call was given is on record, a search says it itself. */
function createWithdrawnCheck(
  { calls }: Pick<Store, 'calls'>,
  knowledge: RepeatingParts['knowledge'],
): IdempotencyDeps['isWithdrawn'] {
  return async (tenant, callId, { body }) => {
    const given = callId === undefined ? [] : versionsGiven(await calls.find(tenant, callId))
    const versions = [...given, ...versionsListed(body)]
    return versions.length > 0 && (await knowledge.listWithdrawn(tenant, versions)).length > 0
  }
}

/** The `version` of each passage that an answer lists; none where it is no list. */
function versionsListed(body: Buffer): readonly string[] {
  if (body[0] !== openBrace) return []
  const answer = parse(body)
  const listed = isJsonObject(answer) ? answer['data'] : undefined
  if (!Array.isArray(listed)) return []
  return (listed as readonly JsonValue[]).flatMap((each) => {
    const version = isJsonObject(each) ? each['version'] : undefined
    return typeof version === 'string' ? [version] : []
  })
}

const openBrace = 0x7b

function parse(body: Buffer): JsonValue {
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue
  } catch {
    return null // Not JSON, so no list either.
  }
}
