export { createDirectory, type Directory } from './directory.ts'
export type { Group, NewGroup, NewPerson, Page, Person, PersonStanding } from './records.ts'
export { isRetired, toNameKey } from './store.ts'
