export { readSettlement, toSettlementJson } from './answer.ts'
export { createCentre, type Centre, type Delivery, type Lease, type NodeTerms, type Settlement } from './centre.ts'
export { createSettlingStore, type EdgeNodeRow, type SettlingStore } from './store.ts'
export { createUplink, type Uplink, type UplinkState } from './uplink.ts'
