import { PlatformError } from './errors.ts'

/** States what must hold; a violation is a defect of Strata, so it throws `INTERNAL` rather than going on with a lie. */
export function assert(condition: boolean, statement: string): asserts condition {
  if (!condition) throw new PlatformError('INTERNAL', `an invariant does not hold: ${statement}`)
}

/** For the default branch of an exhaustive switch: the compiler proves it is never reached. */
export function unreachable(value: never): never {
  throw new PlatformError('INTERNAL', `a variant nobody handles: ${JSON.stringify(value)}`)
}
