export { runUsage, type UsageFigures } from './run.ts'
export { createFigures, writers } from './writers.ts'
