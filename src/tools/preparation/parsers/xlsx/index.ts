export { readXlsx } from './xlsx.ts'
