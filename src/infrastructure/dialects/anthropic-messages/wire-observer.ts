import { GeneratedMeter } from '../../../core/generated.ts'
import { isJsonObject } from '../../../core/json.ts'
import type { WireReader, WireReaderOptions } from '../dialect.ts'
import { createScanner, createWireReaderOf, findInBandError, notJson, parseData } from '../shared/index.ts'
import { keepTexts } from './keep-texts.ts'
import { createStreamUsage } from './usage.ts'

const openBracket = 91
const usageFlag = 1
const errorFlag = 2

/** Reads beside a message stream: what it generates, its usage, its error, its end. */
export function createWireReader(options: WireReaderOptions): WireReader {
  const scanner = createScanner(
    [
      { name: 'text', type: 'length', slot: 0 },
      { name: 'thinking', type: 'length', slot: 0 },
      { name: 'partial_json', type: 'length', slot: 0 },
      { name: 'usage', type: 'flag', flag: usageFlag, when: 'object' },
      { name: 'error', type: 'flag', flag: errorFlag, when: 'present', depth: 1 },
      { name: 'type', type: 'place', depth: 1 },
    ],
    1,
  )
  const total = new GeneratedMeter(options.texts)
  const streamUsage = createStreamUsage()
  let isComplete = false
  return createWireReaderOf(
    {
      isComplete: () => isComplete,
      usage: () => streamUsage.usage,
      generated: () => total,
      observe(buffer, start, end) {
        if (buffer[start] === openBracket) return false // some servers add OpenAI's end mark
        if (!scanner.scan(buffer, start, end)) throw notJson()
        total.addLength(scanner.units[0] ?? 0, scanner.wide[0] ?? 0)
        if (options.texts !== undefined) keepTexts(parseData(buffer, start, end), options.texts)
        const type = scanner.place(buffer)
        if (type === 'message_stop') isComplete = true
        if (scanner.flags === 0 && type !== 'error') return false
        const event = parseData(buffer, start, end)
        if (!isJsonObject(event)) throw notJson()
        const failed = findInBandError(event)
        if (failed !== undefined) throw failed
        streamUsage.take(event)
        total.report()
        return false
      },
    },
    options,
  )
}
