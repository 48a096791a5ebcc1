export { runCli, type CommonOptions } from './cli.ts'
export { verbs } from './commands/index.ts'
export type { OpenPlatform, ProcessActs } from './command.ts'
