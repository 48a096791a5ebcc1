export {
  createModelProcess,
  probeRuntime,
  type JobListener,
  type ModelProcess,
  type ModelProcessOptions,
  type Ticket,
} from './child.ts'
export { createCommandRunner, findPackageVersion, installPackages, type CommandRunner } from './install.ts'
export { readNumber } from './options.ts'
export type { FromWorker, ToWorker } from './protocol.ts'
export { serveJobs, toMessage, type ServedJob } from './serving.ts'
