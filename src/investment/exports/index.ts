export { createMeterExport, type MeterExport, type SinkRequest } from './sinks.ts'
