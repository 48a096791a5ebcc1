export { createVendorAdapters, type VendorAdapterDeps } from './vendors.ts'
export { usageReadingOf } from './vendor-table.ts'
export type { UsageReading } from './usage.ts'
