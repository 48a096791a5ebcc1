export { runRecordedCuts, type RecordedCuts } from './recorded.ts'
export { toPieces, type Encoding } from './pieces.ts'
export { runCutVendors, type CutVendor, type CutVendorFigures, type Tokenize } from './vendor.ts'
