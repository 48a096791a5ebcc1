import { toMisuse, report, type Command } from '../command.ts'

export const backup: Command = {
  name: 'backup',
  usage: 'FILE',
  options: {},
  async run(context) {
    const [path] = context.words
    if (path === undefined) throw toMisuse(backup)
    await (await context.open()).backup(path)
    report(context.terminal, { path }, [`the database is in ${path}`])
  },
}
