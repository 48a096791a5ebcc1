import { lookup as resolveName, type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { PlatformError } from '../../core/errors.ts'

/** Resolves a name to all its addresses; the system's resolver unless a test brings its own. */
export type NameLookup = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

/**
 * What the configured URL says about the network it leads to, by its host name alone:
 * `loopback`: localhost and names below it · `internal`: single-label names and names under a suffix that only private
 * networks use · `public`: every other name. Address literals never get here: who writes one says what it is.
 */
export type NameKind = 'loopback' | 'internal' | 'public'

const internalSuffixes = ['.local', '.internal', '.svc', '.cluster.local', '.lan', '.home.arpa']

/** Judges a host name as the URL spells it. */
export function toNameKind(hostname: string): NameKind {
  const name = hostname.toLowerCase().replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback'
  if (!name.includes('.') || internalSuffixes.some((suffix) => name.endsWith(suffix))) return 'internal'
  return 'public'
}

/**
 * Whether a name of that kind may lead to the address. Public names lead to globally routable unicast only; internal
 * names to private, unique-local, shared and loopback ranges too; localhost to loopback alone. Link-local addresses
 * (the metadata services of clouds), multicast, unspecified and reserved ones are reached by no name.
 */
export function mayLeadTo(kind: NameKind, address: string): boolean {
  const range = toRange(address)
  switch (kind) {
    case 'loopback':
      return range === 'loopback'
    case 'internal':
      return internalRanges.has(range)
    case 'public':
      return range === 'unicast'
  }
}

const internalRanges: ReadonlySet<string> = new Set([
  'unicast',
  'private',
  'uniqueLocal',
  'carrierGradeNat',
  'loopback',
])

/** The range an address lies in; an IPv4 address inside an IPv6 one (mapped, NAT64) counts as the address inside. */
function toRange(address: string): string {
  const bare = address.split('%', 1)[0] ?? address
  if (!ipaddr.isValid(bare)) return 'invalid'
  const parsed = ipaddr.process(bare)
  if (parsed instanceof ipaddr.IPv4) return parsed.range()
  const range = parsed.range()
  if (range !== 'rfc6052' && range !== 'rfc6145') return range
  return ipaddr.fromByteArray(parsed.toByteArray().slice(12)).range()
}

/**
 * A lookup for sockets that drops the addresses the URL does not speak of. The socket connects to what this returns, so
 * nothing can change between the check and the connection. Fails with ADDRESS_REFUSED when no address is left.
 */
export function createCheckedLookup(hostname: string, lookup: NameLookup = lookupAll): LookupFunction {
  const kind = toNameKind(hostname)
  return (name, options, done) => {
    lookup(name, (error, addresses) => {
      if (error !== null) {
        done(error, '', 0)
        return
      }
      const allowed = addresses.filter((entry) => mayLeadTo(kind, entry.address) && matchesFamily(entry, options))
      const [first] = allowed
      if (first === undefined) done(refuse(name, kind), '', 0)
      else if (options.all === true) done(null, [...allowed])
      else done(null, first.address, first.family)
    })
  }
}

/** True for a host that is an address, as the URL class spells it: IPv6 in brackets. */
export function isAddressLiteral(hostname: string): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}

function matchesFamily(entry: LookupAddress, options: LookupOptions): boolean {
  const wanted = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0)
  return wanted === 0 || wanted === entry.family
}

function refuse(name: string, kind: NameKind): PlatformError {
  const remedy =
    kind === 'public'
      ? 'configure its address or an internal name if that is meant'
      : 'configure the address itself if that is meant'
  return new PlatformError(
    'ADDRESS_REFUSED',
    `${name} resolves only to addresses that ${kind} names must not lead to; ${remedy}`,
    { details: { host: name, sent: false } },
  )
}

function lookupAll(hostname: string, done: Parameters<NameLookup>[1]): void {
  resolveName(hostname, { all: true }, (error, addresses) => done(error, addresses ?? []))
}
