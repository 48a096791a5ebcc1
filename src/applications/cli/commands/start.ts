import type { Command } from '../command.ts'

export const start: Command = {
  name: 'start',
  usage: '[--host HOST] [--port PORT]',
  options: { host: { type: 'string' }, port: { type: 'string' } },
  run: (context) => context.process.serve(),
}
