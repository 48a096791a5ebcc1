import type { encodingNames } from '../../config/index.ts'

export type Encoding = (typeof encodingNames)[number]

/**
 * Models by the beginnings of their names, as OpenAI documents them (`tiktoken/model.py`); a longer one goes before a shorter.
 * What begins otherwise is not known.
 */
const encodingsByPrefix: readonly (readonly [prefix: string, encoding: Encoding])[] = [
  ['gpt-5', 'o200k_base'],
  ['gpt-4.5-', 'o200k_base'],
  ['gpt-4.1', 'o200k_base'],
  ['gpt-4o', 'o200k_base'],
  ['chatgpt-4o-', 'o200k_base'],
  ['o1', 'o200k_base'],
  ['o3', 'o200k_base'],
  ['o4-mini', 'o200k_base'],
  ['gpt-4', 'cl100k_base'],
  ['gpt-3.5-turbo', 'cl100k_base'],
  ['gpt-35-turbo', 'cl100k_base'],
]

/** The encoding of a model of OpenAI, fine-tuned ones included; `undefined` where the name does not tell. */
export function findEncoding(model: string): Encoding | undefined {
  const name = model.startsWith('ft:') ? model.slice(3) : model
  const found = encodingsByPrefix.find(([prefix]) => {
    if (!name.startsWith(prefix)) return false
    const next = name.charAt(prefix.length)
    return prefix.endsWith('-') || next === '' || next === '-' || next === ':'
  })
  return found?.[1]
}
