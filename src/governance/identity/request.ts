import type { Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'

/** What a new key is to be. */
export interface KeyRequest {
  /** The tenant's id. */
  readonly tenant: string
  /** For people: who or what uses the key. */
  readonly name: string
  readonly role: Principal['role']
  /** Whom the key works for: what budgets are told apart by. */
  readonly team?: string | undefined
  readonly project?: string | undefined
  readonly user?: string | undefined
  /** Models the key may use; all of the tenant's when absent. */
  readonly models?: readonly string[] | undefined
  /** Regions the key may send data to; what governance allows by default when absent. */
  readonly regions?: readonly string[] | undefined
  /** The declared use case the key stands for; requests may name one when absent. */
  readonly useCase?: string | undefined
  /** Whether it may send networks of models with a request; what `network.inline` says when absent. */
  readonly composes?: boolean | undefined
  /** Milliseconds UTC; for ever, or as long as governance.keyDaysMax allows, when absent. */
  readonly expiresAtMs?: number | undefined
}

export interface KeyRules {
  readonly nowMs: number
  /** `governance.keyDaysMax`. */
  readonly daysMax: number | undefined
  isRegion(name: string): boolean
  isUseCase(name: string): boolean
}

const nameLengthMax = 128
const listLengthMax = 256
const dayMs = 86_400_000

/** When the key is to expire. Throws INVALID_REQUEST with the field at fault. */
export function checkKeyRequest(request: KeyRequest, rules: KeyRules): number | undefined {
  checkName(request.name)
  for (const field of ['team', 'project', 'user'] as const) checkLabel(field, request[field])
  checkList('models', request.models)
  checkList('regions', request.regions)
  const stranger = request.regions?.findIndex((region) => !rules.isRegion(region)) ?? -1
  if (stranger !== -1) {
    throw refuse(
      `regions[${stranger}]`,
      'is no region of this server; use a country code such as "de", or "eu", "us", "local"',
    )
  }
  if (request.useCase !== undefined && !rules.isUseCase(request.useCase)) {
    throw refuse(
      'use_case',
      'is not declared; declare it under governance.useCases, or register it: strata use-case register',
    )
  }
  return checkExpiry(request.expiresAtMs, rules)
}

/** Throws INVALID_REQUEST. Tenant names stand in paths and on command lines. */
export function checkTenantName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) return
  throw refuse('name', 'must be lower-case letters, digits, dot, dash or underscore, at most 64')
}

const overlapMsMax = 30 * dayMs

/** Throws INVALID_REQUEST. */
export function checkOverlap(overlapMs: number): void {
  if (Number.isSafeInteger(overlapMs) && overlapMs >= 0 && overlapMs <= overlapMsMax) return
  throw refuse('overlap', 'must be between nothing and 30 days')
}

function checkName(name: string): void {
  if (name.trim() === '') throw refuse('name', 'must say who or what uses the key')
  if (name.length > nameLengthMax) throw refuse('name', `must have at most ${nameLengthMax} characters`)
}

function checkLabel(field: string, label: string | undefined): void {
  if (label !== undefined && (label.trim() === '' || label.length > nameLengthMax))
    throw refuse(field, `must have 1 to ${nameLengthMax} characters`)
}

function checkList(field: string, list: readonly string[] | undefined): void {
  if (list === undefined) return
  if (list.length > listLengthMax) throw refuse(field, `must list at most ${listLengthMax} names`)
  const fault = list.findIndex((item) => item === '' || item.length > nameLengthMax)
  if (fault !== -1) throw refuse(`${field}[${fault}]`, `must have 1 to ${nameLengthMax} characters`)
}

function checkExpiry(expiresAtMs: number | undefined, { nowMs, daysMax }: KeyRules): number | undefined {
  const latestMs = daysMax === undefined ? undefined : nowMs + daysMax * dayMs
  if (expiresAtMs === undefined) return latestMs
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs <= nowMs)
    throw refuse('expires_at', 'must be an instant to come')
  if (latestMs !== undefined && expiresAtMs > latestMs) {
    throw refuse('expires_at', `must be within ${daysMax} days, the governance.keyDaysMax of this server`)
  }
  return expiresAtMs
}

function refuse(param: string, rule: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `${param} ${rule}`, { param })
}
