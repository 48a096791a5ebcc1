/** The vault: keys of tenants, and the values that were taken out of texts. */
export interface PrivacyTables {
  readonly privacy_key: PrivacyKeyTable
  readonly privacy_value: PrivacyValueTable
}

export interface PrivacyKeyTable {
  readonly tenant: string
  /** `sealed:` and the key sealed with the operator's secret, or `plain:` and the key, base64. */
  readonly wrapped: string
  readonly created_at_ms: number
}

export interface PrivacyValueTable {
  readonly tenant: string
  readonly token: string
  readonly type: string
  /** Sealed with the key of the tenant, base64. */
  readonly sealed: string
  readonly created_at_ms: number
}
