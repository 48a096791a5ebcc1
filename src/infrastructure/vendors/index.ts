export { createVendorAdapters, type VendorAdapterDeps } from './vendors.ts'
