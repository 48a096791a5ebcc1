export { createIngestion, type Ingestion, type IngestionJob } from './ingestion.ts'
