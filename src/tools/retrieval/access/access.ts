import type { AccessReads } from './store.ts'

interface AccessList {
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

/** Everybody of the tenant. */
const everybody = '*'
/** Groups within groups are followed this far. */
const principalsMax = 10_000

/** Who may see what in one tenant, as of the last `sync`. */
export class TenantAccess {
  readonly #lists = new Map<string, AccessList>()
  readonly #groups = new Map<string, Set<string>>()
  #version = 0

  get version(): number {
    return this.#version
  }

  /** Reads what has changed since; a change of a list or of a membership is one row. */
  async sync(rows: AccessReads, tenant: string): Promise<void> {
    const version = await rows.accessVersion(tenant)
    if (version === this.#version) return
    for (const row of await rows.listAccess(tenant, this.#version)) {
      // Written by this room, from lists of strings.
      this.#lists.set(row.id, { allow: JSON.parse(row.allow) as string[], deny: JSON.parse(row.deny) as string[] })
    }
    for (const { member, group_name: group, is_member: isMember } of await rows.listMembers(tenant, this.#version)) {
      const groups = this.#groups.get(member) ?? new Set()
      if (isMember === 1) groups.add(group)
      else groups.delete(group)
      this.#groups.set(member, groups)
    }
    this.#version = version
  }

  /** The principals themselves, everybody, and every group they are in, also through other groups. */
  close(principals: readonly string[]): ReadonlySet<string> {
    const closed = new Set([everybody, ...principals])
    for (const principal of closed) {
      if (closed.size > principalsMax) break
      for (const group of this.#groups.get(principal) ?? []) closed.add(group)
    }
    return closed
  }

  /** A document without a list is everybody's; a list that is not known allows nobody; a denial wins. */
  allows(list: string | null, principals: ReadonlySet<string>): boolean {
    if (list === null) return true
    const found = this.#lists.get(list)
    if (found === undefined || found.deny.some((principal) => principals.has(principal))) return false
    return found.allow.some((principal) => principals.has(principal))
  }
}
