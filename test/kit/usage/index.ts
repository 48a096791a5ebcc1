export { runUsage, type UsageFigures } from './run.ts'
