export { createGroundKind } from './ground/index.ts'
export { createKnowledge, type Knowledge } from './retrieval/index.ts'
