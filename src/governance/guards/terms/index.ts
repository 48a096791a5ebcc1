export { createTermScanner } from './term-scanner.ts'
