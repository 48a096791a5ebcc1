/** What governance is told of a place beside its regions, as the configuration says it. Jurisdictions are regions of the lattice. */
export type PlaceSovereignty = 'own' | PlaceAttributes

export interface PlaceAttributes {
  readonly abuseLog?: { readonly days: number; readonly regions: readonly string[] } | undefined
  readonly operator?: readonly string[] | undefined
  readonly parents?: readonly string[] | undefined
  readonly subprocessors?:
    | readonly {
        readonly name: string
        readonly jurisdictions: readonly string[]
        readonly processing: readonly string[]
      }[]
    | undefined
  readonly transfer?: 'adequacy' | 'safeguards' | 'derogation' | 'none' | undefined
  readonly trainsOnInput?: boolean | undefined
  readonly keys?: 'provider' | 'customer' | 'own' | undefined
  /** SEAL levels by objective, 0 to 4. */
  readonly seal?: Readonly<Partial<Record<string, number>>> | undefined
  readonly evidence: readonly PlaceEvidence[]
}

/** Something that shows what is said, from a day to before another, as `YYYY-MM-DD`. */
export interface PlaceEvidence {
  readonly for?: readonly string[] | undefined
  readonly url: string
  readonly sha256?: string | undefined
  readonly on: string
  readonly expires: string
}
