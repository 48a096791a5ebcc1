export { createModelTree, type ModelCatalogue, type ModelTreeParts } from './tree.ts'
export {
  certifyFamily,
  certifyRouter,
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
