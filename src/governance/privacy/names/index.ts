export { checkNames } from './check.ts'
export { createNameRecogniser, type NamesConfig } from './names.ts'
export { informScanner } from './quotes.ts'
