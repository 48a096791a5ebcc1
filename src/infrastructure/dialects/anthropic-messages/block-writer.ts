import type { JsonObject } from '../../../core/json.ts'
import { toSse } from '../sse/index.ts'

/** Which block a delta belongs to: there is one text and one thinking at a time, and one block for each tool call. */
export type BlockKey = 'text' | 'thinking' | 'redacted' | number

/** Writes content blocks one after the other, as the dialect demands, even when deltas of several come mixed. */
export interface BlockWriter {
  /** A delta of a block; the block is begun with `start` when it is not under way. */
  write(key: BlockKey, start: JsonObject, delta: JsonObject | undefined): string
  /** Nothing more comes for the block. */
  end(key: BlockKey): string
  /** Ends everything. */
  endAll(): string
}

interface Block {
  readonly key: BlockKey
  readonly start: JsonObject
  /** Deltas that wait for the block's turn. */
  readonly deltas: JsonObject[]
  hasEnded: boolean
}

/** Text and thinking end when something else begins; a tool call ends only when it is told, and others wait for it. */
export function createBlockWriter(): BlockWriter {
  let open: Block | undefined
  let waiting: Block[] = []
  let index = -1

  function writeDelta(delta: JsonObject): string {
    return toSse('content_block_delta', { type: 'content_block_delta', index, delta })
  }

  function close(): string {
    if (open === undefined) return ''
    open = undefined
    return toSse('content_block_stop', { type: 'content_block_stop', index })
  }

  /** Begins the blocks whose turn has come. */
  function advance(): string {
    let text = ''
    while (waiting.length > 0 && (open === undefined || open.hasEnded || typeof open.key !== 'number')) {
      text += close()
      const [next, ...rest] = waiting
      waiting = rest
      if (next === undefined) break
      open = next
      index++
      text += toSse('content_block_start', { type: 'content_block_start', index, content_block: next.start })
      for (const delta of next.deltas) text += writeDelta(delta)
    }
    return open?.hasEnded === true ? text + close() : text
  }

  return {
    write(key, start, delta) {
      if (open?.key === key) return delta === undefined ? '' : writeDelta(delta)
      const held = waiting.findLast((block) => block.key === key && !block.hasEnded)
      if (held !== undefined) {
        if (delta !== undefined) held.deltas.push(delta)
        return ''
      }
      waiting.push({ key, start, deltas: delta === undefined ? [] : [delta], hasEnded: false })
      return advance()
    },
    end(key) {
      const block = open?.key === key ? open : waiting.findLast((held) => held.key === key)
      if (block !== undefined) block.hasEnded = true
      return open?.hasEnded === true ? close() + advance() : ''
    },
    endAll() {
      for (const block of waiting) block.hasEnded = true
      if (open !== undefined) open.hasEnded = true
      return advance() + close()
    },
  }
}
