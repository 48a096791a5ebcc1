export { examples, fill, namesThings, type Example, type Names } from './examples.ts'
export { findInconsistencies, fuzz, type Fuzzed } from './fuzz.ts'
export { startFullHouse, type Answered, type FullHouse, type FullTenant } from './house.ts'
