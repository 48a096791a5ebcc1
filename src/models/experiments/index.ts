export { figures, reportExperiment, type ExperimentReport, type Mean } from './experiments.ts'
