import { toMisuse, report, type Command } from '../command.ts'

export const config: Command = {
  name: 'config',
  usage: 'check | schema',
  options: {},
  async run(context) {
    const [verb] = context.words
    if (verb === 'schema') {
      const schema = await context.process.configSchema()
      report(context.terminal, schema, [JSON.stringify(schema, undefined, 2)])
    } else if (verb === 'check') {
      const checked = await context.process.checkConfig()
      report(context.terminal, { valid: true, ...checked }, [
        `${checked.path ?? 'no file: the default'} is valid`,
        ...checked.notices,
      ])
    } else throw toMisuse(config)
  },
}
