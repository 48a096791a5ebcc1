import type { ConditionConfig } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import { absent, toAmount, type PlainSignal, type Signal, type SignalValue } from './signals.ts'
import { toWindow } from './window.ts'

/** `undefined` is unknown, which is neither. */
export type Truth = boolean | undefined

/** Kleene's three values: what is not known may yet be either. */
export type Condition =
  | { readonly type: 'all' | 'any'; readonly parts: readonly Condition[] }
  | { readonly type: 'not'; readonly part: Condition }
  | { readonly type: 'is'; readonly signal: Signal; readonly values: readonly string[] }
  | { readonly type: 'range'; readonly signal: Signal; readonly atLeast: Amount; readonly below: Amount }
  | { readonly type: 'flag'; readonly signal: Signal; readonly value: boolean }
  | { readonly type: 'some'; readonly signal: Signal; readonly value: boolean }
  | { readonly type: 'present'; readonly signal: Signal }
  | { readonly type: 'unknown'; readonly signal: Signal }

type Amount = number | bigint | undefined

/** Whether the condition holds for what `read` says of the signals. */
export function decide(condition: Condition, read: (signal: Signal) => SignalValue): Truth {
  switch (condition.type) {
    case 'all':
    case 'any': {
      const deciding = condition.type === 'any'
      let isKnown = true
      for (const part of condition.parts) {
        const truth = decide(part, read)
        if (truth === deciding) return deciding
        if (truth === undefined) isKnown = false
      }
      return isKnown ? !deciding : undefined
    }
    case 'not': {
      const truth = decide(condition.part, read)
      return truth === undefined ? undefined : !truth
    }
    case 'unknown':
      return read(condition.signal) === undefined
    default: {
      const value = read(condition.signal)
      return value === undefined ? undefined : decideKnown(condition, value)
    }
  }
}

type Atom = Extract<Condition, { readonly type: 'is' | 'range' | 'flag' | 'some' | 'present' }>

function decideKnown(atom: Atom, value: Exclude<SignalValue, undefined>): boolean {
  switch (atom.type) {
    case 'is':
      if (value instanceof Set) return atom.values.some((one) => value.has(one))
      return typeof value === 'string' && atom.values.includes(value)
    case 'range':
      if (typeof value !== 'number' && typeof value !== 'bigint') return false
      return (atom.atLeast === undefined || value >= atom.atLeast) && (atom.below === undefined || value < atom.below)
    case 'flag':
      return value === atom.value
    case 'some':
      return (value instanceof Set && value.size > 0) === atom.value
    case 'present':
      return value !== absent
  }
}

/**
 * Reads a condition of the configuration. `path` is its key path. Throws CONFIG_INVALID for a time zone, an endpoint or a
 * range that cannot be.
 */
export function toCondition(config: ConditionConfig, place: ConditionPlace): Condition {
  const parts: Condition[] = []
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined) parts.push(toPart(key as keyof ConditionConfig, config, place)) // the schema is strict
  }
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { type: 'all', parts }
}

export interface ConditionPlace {
  readonly path: string
  readonly hasEndpoint: (id: string) => boolean
  /** Types of personal data that can be found. */
  readonly personalTypes: readonly string[]
}

function toPart(key: keyof ConditionConfig, config: ConditionConfig, place: ConditionPlace): Condition {
  const { path } = place
  const below = (name: string): ConditionPlace => ({ ...place, path: `${path}.${name}` })
  switch (key) {
    case 'all':
    case 'any':
      return {
        type: key,
        parts: (config[key] ?? []).map((part, index) => toCondition(part, below(`${key}[${index}]`))),
      }
    case 'not':
      return { type: 'not', part: toCondition(config.not ?? {}, below('not')) }
    case 'language':
    case 'task':
    case 'input':
    case 'format':
    case 'effort':
    case 'key':
    case 'tenant':
      return { type: 'is', signal: plain(key), values: toList(config[key]) }
    case 'network':
      return { type: 'is', signal: plain(key), values: toList(config.network) }
    case 'tools':
    case 'stream':
      return { type: 'flag', signal: plain(key), value: config[key] === true }
    case 'personal':
      return toPersonal(config.personal, below('personal'))
    case 'unknown':
      return { type: 'unknown', signal: plain(config.unknown ?? 'task') }
    default:
      return toNamed(key, config, below(key))
  }
}

type NamedKey =
  | 'tokens'
  | 'turns'
  | 'outputTokens'
  | 'contains'
  | 'label'
  | 'header'
  | 'healthy'
  | 'latency'
  | 'price'
  | 'time'

function toNamed(key: NamedKey, config: ConditionConfig, place: ConditionPlace): Condition {
  switch (key) {
    case 'tokens':
    case 'turns':
    case 'outputTokens': {
      const { atLeast, below } = config[key] ?? {}
      if (atLeast !== undefined && below !== undefined && atLeast >= below)
        throw fault(place, `nothing is ${atLeast} or more and below ${below}; exchange them`)
      return { type: 'range', signal: plain(key), atLeast, below }
    }
    case 'contains': {
      const texts = toList(config.contains).map((text) => text.toLowerCase())
      return {
        type: 'flag',
        signal: { key: `contains:${JSON.stringify(texts)}`, type: 'contains', texts },
        value: true,
      }
    }
    case 'label':
    case 'header':
      return toNamedValue(key, config[key], place)
    case 'healthy': {
      const endpoint = requireEndpoint(config.healthy ?? '', place)
      return { type: 'flag', signal: { key: `healthy:${endpoint}`, type: 'healthy', endpoint }, value: true }
    }
    case 'latency':
    case 'price': {
      const endpoint = requireEndpoint(config[key]?.of ?? '', place)
      const below = key === 'price' ? toAmount(config.price?.below ?? '0') : config.latency?.below
      return { type: 'range', signal: { key: `${key}:${endpoint}`, type: key, endpoint }, atLeast: undefined, below }
    }
    case 'time': {
      const window = config.time === undefined ? undefined : toWindow(config.time)
      if (window === undefined) throw fault(place, 'there is no such time zone; write one such as Asia/Shanghai or UTC')
      if (window.fromMinute === window.toMinute) throw fault(place, 'from and to are the same; leave out one of them')
      const signal: Signal = { key: `time:${JSON.stringify(config.time)}`, type: 'time', window }
      return { type: 'flag', signal, value: true }
    }
  }
}

function toPersonal(given: ConditionConfig['personal'], place: ConditionPlace): Condition {
  const signal = plain('personal')
  if (typeof given === 'boolean') return { type: 'some', signal, value: given }
  const stranger = toList(given).find((type) => !place.personalTypes.includes(type))
  if (stranger !== undefined)
    throw fault(place, `there is no type of personal data "${stranger}"; there are ${place.personalTypes.join(', ')}`)
  return { type: 'is', signal, values: toList(given) }
}

function toNamedValue(
  type: 'label' | 'header',
  given: { readonly name: string; readonly is?: string | readonly string[] | undefined } | undefined,
  place: ConditionPlace,
): Condition {
  const name = type === 'header' ? (given?.name ?? '').toLowerCase() : (given?.name ?? '')
  if (type === 'header' && (!name.startsWith('x-') || name === 'x-api-key'))
    throw fault(place, `the header ${name} cannot be asked by; use one that begins with x- and holds no credential`)
  const signal: Signal = { key: `${type}:${name}`, type, name }
  return given?.is === undefined ? { type: 'present', signal } : { type: 'is', signal, values: toList(given.is) }
}

function plain(name: PlainSignal): Signal {
  return { key: name, type: 'plain', name }
}

function requireEndpoint(id: string, place: ConditionPlace): string {
  if (place.hasEndpoint(id)) return id
  throw fault(place, `there is no endpoint "${id}"; name one of endpoints`)
}

function toList(value: string | readonly string[] | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : (value ?? [])
}

function fault({ path }: ConditionPlace, statement: string): PlatformError {
  return new PlatformError('CONFIG_INVALID', `${path}: ${statement}`, { param: path })
}
