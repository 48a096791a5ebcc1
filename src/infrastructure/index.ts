export { dialects } from './dialects/index.ts'
export {
  createCentre,
  createExtractAdapter,
  createExtractor,
  createLlamaAdapter,
  createOnnxAdapter,
  createSettlingStore,
  createUplink,
  readSettlement,
  toSettlementJson,
  type Centre,
  type Delivery,
  type EdgeLease,
  type EdgeNodeRow,
  type Uplink,
  type UplinkState,
} from './edge/index.ts'
export { createEgress, createErrands, createVisits, type Egress, type ErrandTarget } from './egress/index.ts'
export {
  createEndpoints,
  createNativeAdapter,
  createScaleStore,
  createTokenScales,
  placeOf,
  type Adapter,
  type Endpoints,
  type HealthAccount,
  type TokenScales,
} from './endpoints/index.ts'
export { createVendorLookups, type VendorLookups } from './lookups/index.ts'
export { createTokenizers, type Tokenizers } from './tokenizers/index.ts'
export { createVendorAdapters } from './vendors/index.ts'
export { readBody, type BodyDialect, type BodyReading } from './metering/index.ts'
