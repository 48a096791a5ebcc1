/** People and groups that an identity provider has brought in. */
export interface ProvisioningTables {
  readonly provisioned_person: ProvisionedPersonTable
  readonly provisioned_name: ProvisionedNameTable
  readonly provisioned_group: ProvisionedGroupTable
  readonly provisioned_member: ProvisionedMemberTable
}

export interface ProvisionedPersonTable {
  readonly id: string
  readonly tenant: string
  readonly user_name: string
  /** `user_name` without regard to case and width; unique among those of the tenant that are not removed. */
  readonly user_key: string
  readonly external_id: string | null
  /** 1 and 0. */
  readonly active: 1 | 0
  /** JSON object: what else the provider said. */
  readonly attributes: string
  readonly version: number
  readonly created_at_ms: number
  readonly changed_at_ms: number
  /** Removed people keep their names, so that nobody signs on under them; nothing else of them is kept. */
  readonly removed_at_ms: number | null
}

/** By which names a person is known: user name, external id, addresses. */
export interface ProvisionedNameTable {
  readonly tenant: string
  readonly name: string
  readonly person: string
}

export interface ProvisionedGroupTable {
  readonly id: string
  readonly tenant: string
  readonly display_name: string
  readonly display_key: string
  readonly external_id: string | null
  readonly version: number
  readonly created_at_ms: number
  readonly changed_at_ms: number
}

export interface ProvisionedMemberTable {
  readonly tenant: string
  readonly group_id: string
  readonly person: string
}
