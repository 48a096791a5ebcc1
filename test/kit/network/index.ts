export { runNetwork, type NetworkOptions, type NetworkOutcome } from './run.ts'
