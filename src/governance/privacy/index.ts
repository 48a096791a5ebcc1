export { createPersonalDataScanner } from './scanner.ts'
