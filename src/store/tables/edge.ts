/** Edge nodes and their centre. */
export interface EdgeTables {
  readonly edge_queue: EdgeQueueTable
  readonly edge_uplink: EdgeUplinkTable
  readonly edge_node: EdgeNodeTable
}

/** At the edge: trees that are told to the centre, each once. */
export interface EdgeQueueTable {
  /** From 1 for what is told under the running epoch; not above 0 for what was told before. */
  readonly sequence: number
  readonly root_id: string
  /** JSON; `null` once the centre has it. */
  readonly tree: string | null
  readonly mac: string
}

/** At the edge: one row. */
export interface EdgeUplinkTable {
  readonly id: 1
  readonly epoch: string
  /** Of the key that what waits was signed with. */
  readonly key_mark: string
  /** Picodollars that may ever be spent. */
  readonly granted: string
  /** JSON array. */
  readonly regions: string
  /** 0 before the first lease. */
  readonly expires_at_ms: number
}

/** At the centre: how far a node has been heard. */
export interface EdgeNodeTable {
  readonly tenant: string
  readonly node: string
  readonly epoch: string
  readonly acknowledged: number
  /** MAC of the last record; empty before the first. */
  readonly head: string
  /** Picodollars. */
  readonly granted: string
  /** Picodollars of what was settled. */
  readonly spent: string
  /** Settled requests whose cost nobody knows. */
  readonly unpriced: number
  readonly expires_at_ms: number
  readonly seen_at_ms: number
}
