import type { TextKeeper } from '../../../core/generated.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import { isArray, memberOf, toPlace } from '../shared/index.ts'
import { readSpeech } from './decode-answer.ts'

/** The texts of one chunk, of all its choices: each tells of itself. */
export function keepTexts(chunk: JsonObject, texts: TextKeeper): void {
  const choices = isArray(chunk['choices']) ? chunk['choices'].filter(isJsonObject) : []
  for (const choice of choices) {
    const delta = choice['delta'] ?? choice['message']
    if (!isJsonObject(delta)) continue
    const channel = toPlace(choice['index'])
    const isKept = keepDelta(delta, channel, texts)
    if (!isKept && delta['content'] === '' && typeof choice['finish_reason'] !== 'string') texts.keepNothing()
  }
}

/** Whether there was any. */
function keepDelta(delta: JsonObject, channel: string, texts: TextKeeper): boolean {
  let isKept = false
  const keep = (name: string, text: unknown): void => {
    if (typeof text !== 'string' || text === '') return
    isKept = true
    texts.keep(name, text)
  }
  const { reasoning, text } = readSpeech(delta)
  keep(`${channel}/reasoning`, reasoning)
  keep(channel, text)
  keep(`${channel}/refusal`, delta['refusal'])
  const calls = isArray(delta['tool_calls']) ? delta['tool_calls'].filter(isJsonObject) : []
  for (const call of calls) {
    const named = memberOf(call, 'function')
    const name = `${channel}/call-${toPlace(call['index'])}`
    keep(`${name}/name`, named['name'])
    keep(name, named['arguments'])
  }
  return isKept
}
