export { createEndpoints, type Endpoints, type EndpointsDeps } from './endpoints.ts'
export type { EndpointHealth, HealthAccount } from './health.ts'
export { createNativeAdapter, type NativeAdapterDeps } from './adapters/native.ts'
export type { Adapter, Attempt, Endpoint, EndpointLocation, Upstream } from './adapter.ts'
