import type { TextKeeper } from '../../../core/generated.ts'
import { isJsonObject } from '../../../core/json.ts'
import { memberOf, toPlace } from '../shared/index.ts'

/** The texts of one event; each block is a text of its own. */
export function keepTexts(event: unknown, texts: TextKeeper): void {
  if (!isJsonObject(event)) return
  const channel = toPlace(event['index'])
  if (event['type'] === 'content_block_start') {
    const { name, text } = memberOf(event, 'content_block')
    if (typeof name === 'string') texts.keep(`${channel}/name`, name)
    if (typeof text === 'string') texts.keep(channel, text)
  } else if (event['type'] === 'content_block_delta') {
    const { text, thinking, partial_json: json } = memberOf(event, 'delta')
    const said = text ?? thinking ?? json
    if (typeof said === 'string') texts.keep(channel, said)
  }
}
