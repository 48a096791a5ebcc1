import type { TextKeeper } from '../../../core/generated.ts'
import { isJsonObject } from '../../../core/json.ts'
import { memberOf, toPlace } from '../shared/index.ts'

/** The texts of one event; each part of each item is a text of its own. */
export function keepTexts(event: unknown, texts: TextKeeper): void {
  if (!isJsonObject(event)) return
  const { type, delta } = event
  const item = toPlace(event['output_index'])
  if (type === 'response.output_item.added') {
    const { name } = memberOf(event, 'item')
    if (typeof name === 'string') texts.keep(`${item}/name`, name)
  } else if (typeof type === 'string' && type.endsWith('.delta') && typeof delta === 'string') {
    texts.keep(`${item}/${toPlace(event['content_index'] ?? event['summary_index'])}`, delta)
  }
}
