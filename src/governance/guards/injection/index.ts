export { createInjectionDetector, type InjectionDetector } from './injection.ts'
