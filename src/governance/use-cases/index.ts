export { createUseCaseDesk, type FullStanding, type Standing, type UseCaseDesk } from './desk.ts'
export { createUseCaseRegistry, type UseCaseRegistry } from './registry.ts'
export type { UseCase, UseCaseDocument, UseCaseVersion } from './use-case.ts'
export { createSignalWatch, type SignalWatch } from './watch.ts'
