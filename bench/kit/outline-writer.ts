import type { ContextAsk } from '../../src/core/ports-contexts.ts'

/**
 * Writes by rules what a model would be asked for, from the same prompt: what the file says of itself, and within which of its items the
 * passage begins. No model has a part in it, so it says nothing of what a model would gain.
 */
export function writeOutline({ shared, own }: ContextAsk): string | undefined {
  const document = readJsonLine(shared, /^The (?:part of the )?document: /)
  const passage = readJsonLine(own, /^The passage: /)
  if (document === undefined || passage === undefined) return undefined
  const at = Math.max(0, document.indexOf(passage))
  const about = /^\s*(?:\/\/[!/]?|\/\*+|#|"{3})\s*(.{8,160}?)(?:[.\n]|$)/.exec(document)?.[1]
  const within = [...document.slice(0, at).matchAll(item)].at(-1)?.[1]
  const defined = [...passage.matchAll(item)].map(([, name]) => name).slice(0, 4)
  const said = [
    about === undefined ? 'A part of a file of code' : `A part of a file about ${about}`,
    ...(within === undefined ? [] : [`within ${within}`]),
    ...(defined.length === 0 ? [] : [`that defines ${defined.join(', ')}`]),
  ]
  return `${said.join(', ')}.`
}

/** Items that languages name at the beginning of a line. */
const item =
  /^[ \t]*(?:pub(?:\([a-z]+\))? |export |async |static |unsafe |public |private )*(?:fn|struct|enum|trait|impl|class|def|function|interface|mod|func)\b[ \t]*(?:<[^>]*>)?[ \t]*([A-Za-z_]\w*)/gm

function readJsonLine(text: string, before: RegExp): string | undefined {
  const line = text.split('\n').find((each) => before.test(each))
  if (line === undefined) return undefined
  return JSON.parse(line.replace(before, '')) as string // the prompt puts what is data into JSON
}
