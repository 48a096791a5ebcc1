import type { AnswerEvent } from '../../../core/chat.ts'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import { memberOf } from '../shared/index.ts'
import { namelessCall, toCallId } from './decode-answer.ts'

/** Puts tool-call deltas in order, whatever the vendor leaves out of them. */
export interface ToolCallDecoder {
  decode(delta: JsonObject): readonly AnswerEvent[]
  /** Ends the call under way. */
  end(): readonly AnswerEvent[]
  count(): number
}

interface OpenCall {
  readonly index: number
  /** The vendor's index; `undefined` where it sends none. */
  readonly vendorIndex: number | undefined
  id: string | undefined
  name: string
  /** Arguments that came before the name. */
  held: string
  hasStarted: boolean
  hasArguments: boolean
}

/**
 * Indexes count from 0 in order of arrival. A delta without an index belongs to the call of its id, else to the last
 * call, unless it brings a name of its own. A name may come late or empty; arguments wait for it. A call without
 * arguments gets `{}`. A new call ends the one before; a delta for an ended call is UPSTREAM_INVALID.
 */
export function createToolCallDecoder(answerId: () => JsonValue | undefined): ToolCallDecoder {
  const ended: OpenCall[] = []
  let open: OpenCall | undefined

  function end(): readonly AnswerEvent[] {
    if (open === undefined) return []
    const call = open
    open = undefined
    ended.push(call)
    if (!call.hasStarted) throw namelessCall()
    const { index } = call
    const rest: AnswerEvent[] = call.hasArguments ? [] : [{ type: 'tool-call-delta', index, arguments: '{}' }]
    return [...rest, { type: 'tool-call-end', index }]
  }

  return {
    end,
    count: () => ended.length + (open === undefined ? 0 : 1),
    decode(delta) {
      const events: AnswerEvent[] = []
      const id = typeof delta['id'] === 'string' && delta['id'] !== '' ? delta['id'] : undefined
      const vendorIndex = typeof delta['index'] === 'number' ? delta['index'] : undefined
      const named = memberOf(delta, 'function')
      const name = typeof named['name'] === 'string' ? named['name'] : ''
      const given = named['arguments']
      const written = typeof given === 'string' ? given : isJsonObject(given) ? JSON.stringify(given) : ''
      if (open === undefined || !continues(open, { id, vendorIndex, name })) {
        if (isOfEnded(ended, { id, vendorIndex, name })) throw interleaved()
        events.push(...end())
        const index = ended.length
        open = { index, vendorIndex, id, name: '', held: '', hasStarted: false, hasArguments: false }
      }
      const call = open
      call.id ??= id
      if (call.name === '') call.name = name
      call.held += written
      if (!call.hasStarted && call.name !== '') {
        call.hasStarted = true
        const place = { index: call.index, answerId: answerId() }
        events.push({ type: 'tool-call-start', index: call.index, id: toCallId(call.id, place), name: call.name })
      }
      if (call.hasStarted && call.held !== '') {
        call.hasArguments ||= call.held.trim() !== ''
        events.push({ type: 'tool-call-delta', index: call.index, arguments: call.held })
        call.held = ''
      }
      return events
    },
  }
}

interface DeltaMarks {
  readonly id: string | undefined
  readonly vendorIndex: number | undefined
  readonly name: string
}

function continues(call: OpenCall, marks: DeltaMarks): boolean {
  if (marks.id !== undefined && call.id !== undefined) {
    // The same id continues. Some servers invent a new id for each delta of one call: those bring no second name.
    return marks.id === call.id || (marks.vendorIndex === call.vendorIndex && marks.name === '')
  }
  if (marks.vendorIndex !== undefined) return marks.vendorIndex === call.vendorIndex
  return marks.name === '' || call.name === ''
}

function isOfEnded(ended: readonly OpenCall[], marks: DeltaMarks): boolean {
  if (marks.name !== '') return false
  return ended.some((call) => (marks.id === undefined ? call.vendorIndex === marks.vendorIndex : call.id === marks.id))
}

function interleaved(): PlatformError {
  return new PlatformError('UPSTREAM_INVALID', 'the endpoint went back to a tool call after beginning another')
}
