import { toMisuse, report, type Command } from '../command.ts'

export const runtime: Command = {
  name: 'runtime',
  usage: 'add llama|onnx|ocr|tokenizers',
  options: {},
  async run(context) {
    const [verb, name] = context.words
    if (verb !== 'add' || name === undefined) throw toMisuse(runtime)
    const added = await context.process.addRuntime(name, (line) => context.terminal.note(line))
    report(context.terminal, { runtime: name, ...added }, [`${name} ${added.version} is in ${added.folder}`])
  },
}
