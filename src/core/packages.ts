import { createRequire } from 'node:module'

/**
 * A package that most processes never need, loaded where it is called for and kept from then on: each costs a start 15 to 50
 * ms and some megabytes. `Package` is its type, as `typeof import('name')` says it.
 */
export function loadPackage<Package>(name: string): Package {
  // The module is the package's own; `require` has no types.
  return require(name) as Package
}

const require = createRequire(import.meta.url)
