export { runRecordedCuts, type RecordedCuts } from './recorded.ts'
export { runCutVendors, type CutVendor, type CutVendorFigures, type Tokenize } from './vendor.ts'
