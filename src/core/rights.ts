import { PlatformError } from './errors.ts'

/** What a key may do, by name. A route says which of these it needs. */
export const rights = {
  'session:end': 'End the session the key stands for.',
  'models:ask': 'Ask models, embed, list models, count tokens.',
  'models:compose': 'Send networks of models where the configuration lets admins do so.',
  'calls:read': 'Read the record of calls.',
  'audit:read': 'Read checkpoints and proofs of the audit log.',
  'knowledge:read': 'Search, and read documents that its access lists open.',
  'knowledge:write': 'Make and delete collections and documents.',
  'knowledge:manage': 'Say who may see documents; groups, generations of vectors, quality, the queue.',
  'knowledge:see-all': 'See every document of the tenant, whatever its access list.',
  'knowledge:on-behalf': 'Search with the access of somebody else.',
  'sources:read': 'Read sources and their syncs.',
  'sources:manage': 'Sync, pause and end sources.',
  'receipts:read': 'Read receipts of deleted documents.',
  'copyright:read': 'Read and try out what works may be used for.',
  'copyright:withdraw': 'Take a work out of every collection.',
  'evaluations:read': 'Read evaluations.',
  'evaluations:run': 'Run evaluations.',
  'experiments:read': 'Read experiments.',
  'feedback:read': 'Read feedback.',
  'feedback:write': 'Say how good an answer was.',
  'routers:read': 'Read routers and topics.',
  'routers:choose': 'Ask a router which model it would take.',
  'routers:manage': 'Put routers and certificates in force.',
  'policies:read': 'Read policy packs, decisions and controls.',
  'policies:backtest': 'Decide on recorded calls under another pack.',
  'use-cases:read': 'Read use cases and their questions.',
  'use-cases:manage': 'Register, document, activate and retire use cases; record literacy.',
  'documentation:read': 'Read documentation drafted of use cases, and the record of literacy.',
  'reviews:own': 'Read reviews of what the key asked, or its person is competent for.',
  'reviews:read': 'Read every review of the tenant.',
  'reviews:decide': 'Decide on what is held, where the person of the key is competent.',
  'reviews:manage': 'Be competent where no reviewer is listed.',
  'incidents:report': 'Open an incident.',
  'incidents:read': 'Read incidents.',
  'incidents:manage': 'Note, report and close incidents.',
  'holds:read': 'Read legal holds.',
  'holds:manage': 'Make and release legal holds.',
  'marks:detect': 'Ask whether a text was generated here.',
  'privacy:scan': 'Find personal data in a text.',
  'privacy:reveal': 'Read values that the vault keeps.',
  'privacy:erase': 'Destroy the vault of the tenant.',
  'usage:read': 'Read what calls used and cost.',
  'usage:write': 'Bring in counted events.',
  'spend:read': 'Read the forecast of spend.',
  'forecast:make': 'Forecast series of numbers.',
  'prices:compute': 'Compute what an answer costs.',
  'prices:read': 'Read the book of prices.',
  'prices:manage': 'Add prices and rate anew.',
  'budgets:read': 'Read budgets.',
  'budgets:manage': 'Make, change and remove budgets.',
  'plans:read': 'Read plans.',
  'billing:read': 'Read accounts, credits and invoices.',
  'billing:manage': 'Make plans, accounts, credits, invoices and credit notes.',
  'outcomes:read': 'Read tasks, their cost and return.',
  'outcomes:write': 'Open tasks and say what became of them.',
  'outcomes:manage': 'Define kinds of outcome.',
  'what-if:run': 'Replay recorded calls under another configuration.',
  'edge:settle': 'Settle calls of an edge node.',
  'operations:read': 'Read health, metrics and edge nodes.',
  'keys:read': 'List keys.',
  'keys:manage': 'Make, rotate and revoke keys whose rights the key has itself.',
  'identity:provision': 'Bring in people and groups over SCIM.',
} as const

export type Right = keyof typeof rights

const memberRights: readonly Right[] = [
  'session:end',
  'models:ask',
  'calls:read',
  'audit:read',
  'knowledge:read',
  'knowledge:write',
  'copyright:read',
  'evaluations:read',
  'evaluations:run',
  'feedback:read',
  'feedback:write',
  'routers:read',
  'routers:choose',
  'policies:read',
  'use-cases:read',
  'reviews:own',
  'reviews:decide',
  'incidents:report',
  'marks:detect',
  'privacy:scan',
  'usage:read',
  'forecast:make',
  'prices:compute',
  'plans:read',
  'outcomes:read',
  'outcomes:write',
  'edge:settle',
]

/** Each role as the rights it gives. An admin may do everything. */
const rightsByRole = {
  admin: Object.keys(rights) as Right[], // the keys of an object literal
  /** A developer, or the application of one. */
  member: memberRights,
  'key-manager': [...memberRights, 'keys:read', 'keys:manage'],
  /** Reads what governance and money left behind, and changes nothing. */
  auditor: [
    'session:end',
    'audit:read',
    'calls:read',
    'policies:read',
    'policies:backtest',
    'use-cases:read',
    'documentation:read',
    'reviews:own',
    'reviews:read',
    'incidents:read',
    'holds:read',
    'receipts:read',
    'copyright:read',
    'marks:detect',
    'usage:read',
    'budgets:read',
    'prices:read',
    'plans:read',
    'billing:read',
    'keys:read',
  ],
  billing: [
    'session:end',
    'prices:compute',
    'prices:read',
    'prices:manage',
    'budgets:read',
    'budgets:manage',
    'plans:read',
    'billing:read',
    'billing:manage',
    'usage:read',
    'usage:write',
    'spend:read',
    'forecast:make',
    'outcomes:read',
    'outcomes:manage',
    'what-if:run',
  ],
  compliance: [
    'session:end',
    'audit:read',
    'calls:read',
    'policies:read',
    'policies:backtest',
    'use-cases:read',
    'use-cases:manage',
    'documentation:read',
    'reviews:own',
    'reviews:read',
    'reviews:decide',
    'reviews:manage',
    'incidents:report',
    'incidents:read',
    'incidents:manage',
    'holds:read',
    'holds:manage',
    'receipts:read',
    'copyright:read',
    'marks:detect',
    'privacy:scan',
    'usage:read',
  ],
  'knowledge-manager': [
    'session:end',
    'knowledge:read',
    'knowledge:write',
    'knowledge:manage',
    'knowledge:see-all',
    'sources:read',
    'sources:manage',
    'receipts:read',
    'copyright:read',
    'copyright:withdraw',
    'privacy:scan',
  ],
  monitor: ['session:end', 'operations:read'],
  provisioner: ['session:end', 'identity:provision'],
} as const satisfies Readonly<Record<string, readonly Right[]>>

export type Role = keyof typeof rightsByRole

/** Every role, the mightiest first. */
export const roles = Object.keys(rightsByRole) as [Role, ...Role[]] // the keys of an object literal that has some

const rightSets = new Map<string, ReadonlySet<Right>>(roles.map((role) => [role, new Set(rightsByRole[role])]))

interface Holder {
  readonly role: Role
}

export function hasRight({ role }: Holder, right: Right): boolean {
  return rightSets.get(role)?.has(right) === true
}

/** Whether the first may do everything that the second may. */
export function coversRole(holder: Holder, role: Role): boolean {
  return rightsByRole[role].every((right) => hasRight(holder, right))
}

/** Throws FORBIDDEN with the right that is missing and the roles that have it. */
export function requireRight(holder: Holder, right: Right, what: string): void {
  if (!hasRight(holder, right)) throw new PlatformError('FORBIDDEN', `${what} ${sayRight(right)}`)
}

/** That it is needed, and who has it. */
export function sayRight(right: Right): string {
  const having = roles.filter((role) => hasRight({ role }, right)).join(', ')
  return `needs the right ${right}, which keys of these roles have: ${having}`
}

/** Whether its use changes what holds for others, so that each use is in the audit log. */
export function isAdministrative(right: Right): boolean {
  return right.endsWith(':manage') || administrative.has(right)
}

const administrative: ReadonlySet<Right> = new Set([
  'copyright:withdraw',
  'privacy:reveal',
  'privacy:erase',
  'usage:write',
  'identity:provision',
])
