export { readPdf } from './pdf.ts'
