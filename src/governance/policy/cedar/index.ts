export { createCedarEngine } from './cedar-engine.ts'
