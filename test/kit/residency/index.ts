export { runResidency, type ResidencyOptions, type ResidencyOutcome } from './run.ts'
