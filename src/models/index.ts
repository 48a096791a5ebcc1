export { createModelTree, type ModelCatalogue, type ModelTreeParts } from './tree.ts'
export {
  certifyFamily,
  certifyRouter,
  createRouterCatalogue,
  measureRouting,
  parseLine,
  parsePair,
  readRouter,
  routerBytesMax,
  trainRouter,
  writeRouter,
  type Guarantee,
  type HeldOut,
  type Router,
  type RouterCertification,
  type TrainingPair,
} from './learning/index.ts'
