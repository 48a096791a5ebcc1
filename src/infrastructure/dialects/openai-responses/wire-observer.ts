import { GeneratedMeter } from '../../../core/generated.ts'
import { isJsonObject } from '../../../core/json.ts'
import type { Usage } from '../../../core/usage.ts'
import type { WireReader, WireReaderOptions } from '../dialect.ts'
import { createScanner, createWireReaderOf, findInBandError, memberOf, notJson, parseData } from '../shared/index.ts'
import { toFailure } from './stream-decoder.ts'
import { keepTexts } from './keep-texts.ts'
import { readUsage } from './usage.ts'

const openBracket = 91

/** Reads beside a response stream: what it generates, its usage, its error, its end. */
export function createWireReader(options: WireReaderOptions): WireReader {
  const scanner = createScanner(
    [
      { name: 'delta', type: 'length', slot: 0, depth: 1 },
      { name: 'type', type: 'place', depth: 1 },
    ],
    1,
  )
  const total = new GeneratedMeter(options.texts)
  let usage: Usage | undefined
  let isComplete = false
  return createWireReaderOf(
    {
      isComplete: () => isComplete,
      usage: () => usage,
      generated: () => total,
      observe(buffer, start, end) {
        if (buffer[start] === openBracket) return false // some servers add OpenAI chat's end mark
        if (!scanner.scan(buffer, start, end)) throw notJson()
        total.addLength(scanner.units[0] ?? 0, scanner.wide[0] ?? 0)
        if (options.texts !== undefined) keepTexts(parseData(buffer, start, end), options.texts)
        const type = scanner.place(buffer)
        if (type.endsWith('.delta') || type.endsWith('.done') || type.endsWith('.added')) return false
        const isEnd = type === 'response.completed' || type === 'response.incomplete'
        if (!isEnd && type !== 'response.failed' && type !== 'error' && type !== '') return false
        const event = parseData(buffer, start, end)
        if (!isJsonObject(event)) throw notJson()
        const response = memberOf(event, 'response')
        const told = readUsage(response)
        if (told !== undefined) total.report()
        usage = told ?? usage
        if (type === 'response.failed') throw toFailure(response)
        const failed = isEnd ? undefined : findInBandError(event)
        if (failed !== undefined) throw failed
        isComplete ||= isEnd
        return false
      },
    },
    options,
  )
}
