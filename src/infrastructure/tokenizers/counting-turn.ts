/** How much may be counted in one turn of the event loop, by all together: when many streams break off at once, nobody waits for them. */
export interface CountingTurn {
  /** Takes so many units; false when the turn has no more. What is asked for first is given, however much it is. */
  take(units: number): boolean
}

/** Some 30 ms of Latin text, 120 of Han. */
const unitsMax = 131_072

export function createCountingTurn(): CountingTurn {
  let taken = 0
  return {
    take(units) {
      if (taken > 0 && taken + units > unitsMax) return false
      if (taken === 0) {
        setImmediate(() => {
          taken = 0
        })
      }
      taken += Math.max(1, units)
      return true
    },
  }
}
