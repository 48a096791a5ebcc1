export { createModelTree, type ModelCatalogue, type ModelTreeParts } from './tree.ts'
