export { createSources, type Sources, type SourcesDeps } from './sources.ts'
export type { ItemRights, SourceRequest, SourceSend, SourceView, SyncView } from './source.ts'
