import type { SseForm } from './behaviour.ts'
import type { MockEvent } from './dialects/mock-dialect.ts'

/** One event in the wire form asked for. */
export function encodeEvent(event: MockEvent, form: SseForm, isLast: boolean): Buffer {
  const lineEnd = form.lineEnd ?? '\n'
  const separator = form.withoutSpace === true ? ':' : ': '
  const lines: string[] = []
  if (form.comments === true) lines.push(': keep-alive', '')
  if (event.name !== undefined) lines.push(`event${separator}${event.name}`)
  const padding = form.trailingSpaces === true ? '  ' : ''
  for (const line of toData(event, form)) lines.push(`data${separator}${line}${padding}`)
  if (!(isLast && form.withoutLastBlankLine === true)) lines.push('')
  return Buffer.from(lines.map((line) => line + lineEnd).join(''))
}

/** The byte order mark that may precede a stream. */
export const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

function toData(event: MockEvent, form: SseForm): readonly string[] {
  if (typeof event.data === 'string') return [event.data]
  return form.multiLine === true ? JSON.stringify(event.data, undefined, 1).split('\n') : [JSON.stringify(event.data)]
}
