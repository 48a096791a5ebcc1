import { GeneratedMeter, type TextKeeper } from '../../../core/generated.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import type { Usage } from '../../../core/usage.ts'
import type { WireReader, WireReaderOptions } from '../dialect.ts'
import {
  createScanner,
  createWireReaderOf,
  findInBandError,
  isArray,
  notJson,
  parseData,
  type Scanner,
} from '../shared/index.ts'
import { keepTexts } from './keep-texts.ts'
import { readUsage } from './usage.ts'

const contentSlot = 0
const reasoningSlot = 1
const reasoningContentSlot = 2
const partSlot = 3
const usageFlag = 1
const errorFlag = 2
const finishFlag = 4

/** The end mark, and what may follow it. */
const openBracket = 91

/** Reads beside a chat completion stream: what it generates, its usage, its error, its end. */
export function createWireReader(options: WireReaderOptions): WireReader {
  const scanner = createScanner(
    [
      { name: 'content', type: 'length', slot: contentSlot },
      { name: 'refusal', type: 'length', slot: contentSlot },
      { name: 'arguments', type: 'length', slot: contentSlot },
      { name: 'reasoning', type: 'length', slot: reasoningSlot },
      { name: 'reasoning_content', type: 'length', slot: reasoningContentSlot },
      { name: 'text', type: 'length', slot: partSlot },
      { name: 'usage', type: 'flag', flag: usageFlag, when: 'object' },
      { name: 'error', type: 'flag', flag: errorFlag, when: 'present', depth: 1 },
      { name: 'object', type: 'place', depth: 1 },
      { name: 'finish_reason', type: 'flag', flag: finishFlag, when: 'string' },
    ],
    4,
  )
  const total = new GeneratedMeter(options.texts)
  let usage: Usage | undefined
  let isComplete = false

  /** Some vendors say the same reasoning under two names, or again as parts: the longest counts. */
  function addLengths(): void {
    const { units, wide } = scanner
    total.addLength(at(units, contentSlot) + longest(units), at(wide, contentSlot) + longest(wide))
  }

  return createWireReaderOf(
    {
      isComplete: () => isComplete,
      usage: () => usage,
      generated: () => total,
      observe(buffer, start, end) {
        if (buffer[start] === openBracket) {
          if (buffer.toString('latin1', start, end).trim() !== '[DONE]') throw notJson()
          isComplete = true
          return false
        }
        if (!scanner.scan(buffer, start, end)) throw notJson()
        addLengths()
        if (options.texts !== undefined) keepChunk(parseData(buffer, start, end), options.texts)
        const { flags } = scanner
        if ((flags & finishFlag) !== 0) isComplete = true
        const isError = (flags & errorFlag) !== 0 || isErrorObject(scanner, buffer)
        if (!isError && (flags & usageFlag) === 0) return false
        const chunk = parseData(buffer, start, end)
        if (!isJsonObject(chunk)) throw notJson()
        const failed = findInBandError(chunk)
        if (failed !== undefined) throw failed
        const told = readUsage(chunk)
        if (told !== undefined) total.report()
        usage = told ?? usage
        return options.stripUsage && isUsageOnly(chunk)
      },
    },
    options,
  )
}

function keepChunk(chunk: unknown, texts: TextKeeper): void {
  if (isJsonObject(chunk)) keepTexts(chunk, texts)
}

/** An error in vLLM's older form: `{"object": "error"}`. */
function isErrorObject(scanner: Scanner, buffer: Buffer): boolean {
  return scanner.placeBytes === 'error'.length && scanner.place(buffer) === 'error'
}

/** The event that exists only because usage was asked for. Where usage rides on other chunks, those stay. */
function isUsageOnly(chunk: JsonObject): boolean {
  return isJsonObject(chunk['usage']) && isArray(chunk['choices']) && chunk['choices'].length === 0
}

function longest(lengths: readonly number[]): number {
  return Math.max(at(lengths, reasoningSlot), at(lengths, reasoningContentSlot), at(lengths, partSlot))
}

function at(list: readonly number[], index: number): number {
  return list[index] ?? 0
}
