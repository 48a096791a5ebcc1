/**
 * Corrections of one call are numbered by their names, so that the newest is known whatever the clock says, and a price that comes
 * back after another one is a correction of its own. 1 for the first.
 */
export function roundOf(version: string): number {
  return Number(/~(\d+)$/.exec(version)?.[1] ?? 1)
}

/** The name of the correction that follows `earlier`, by its price. */
export function nextVersion(version: string, earlier: string | undefined): string {
  return earlier === undefined ? version : `${version}~${roundOf(earlier) + 1}`
}
