import type { JsonValue } from '../../src/core/json.ts'
import type { Usage } from '../../src/core/usage.ts'

/** What the model behind the mock says, in words of no dialect. Absent parts are left out of the answer. */
export interface Script {
  /** Streamed in slices of eight code points. */
  readonly text?: string
  /** The exact slices of the text; wins over `text`. */
  readonly textDeltas?: readonly string[]
  /** A structured answer: the text is its JSON. Wins over `text`. */
  readonly json?: JsonValue
  readonly reasoning?: string
  /** Signs the reasoning, in dialects that sign (Anthropic; Responses as encrypted content). */
  readonly reasoningSignature?: string
  readonly refusal?: string
  readonly toolCalls?: readonly ScriptToolCall[]
  /** Totals include their parts, as in `Usage`. */
  readonly usage?: ScriptUsage
  /** `stop`, or `tool-calls` where there are any, when absent. */
  readonly finish?: ScriptFinish
  /** The model's name in the answer; that of the request when absent. */
  readonly model?: string
}

export interface ScriptToolCall {
  /** Made from the request's number when absent. */
  readonly id?: string
  readonly name: string
  /** A string is sent as it is, valid JSON or not. */
  readonly arguments: JsonValue
}

export type ScriptFinish = 'stop' | 'length' | 'tool-calls' | 'content-filter'

export type ScriptUsage = Partial<
  Pick<Usage, 'inputTotal' | 'outputTotal' | 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h' | 'reasoning'>
>

/** A script with nothing left to choose. */
export interface CompleteScript {
  readonly text: string
  readonly textDeltas: readonly string[]
  readonly reasoning: string
  readonly reasoningDeltas: readonly string[]
  readonly reasoningSignature: string | undefined
  readonly refusal: string | undefined
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]
  readonly usage: CompleteScriptUsage
  readonly finish: ScriptFinish
  readonly model: string | undefined
}

export interface CompleteScriptUsage {
  readonly inputTotal: number
  readonly outputTotal: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  readonly reasoning: number
}

/** What a mock says when no test has told it anything: bilingual, so that every test sees multi-byte text. */
export const defaultScript: Script = {
  text: 'Hello from the mock. 你好，世界。',
  usage: { inputTotal: 12, outputTotal: 9 },
}

/** `number` is the request's, and makes ids that a test can tell apart. */
export function completeScript(script: Script, number: number): CompleteScript {
  const toolCalls = (script.toolCalls ?? []).map((toolCall, index) => ({
    id: toolCall.id ?? `call_${number}_${index}`,
    name: toolCall.name,
    arguments: typeof toolCall.arguments === 'string' ? toolCall.arguments : JSON.stringify(toolCall.arguments),
  }))
  const textDeltas =
    script.textDeltas ?? toSlices(script.json === undefined ? (script.text ?? '') : JSON.stringify(script.json))
  return {
    text: textDeltas.join(''),
    textDeltas,
    reasoning: script.reasoning ?? '',
    reasoningDeltas: toSlices(script.reasoning ?? ''),
    reasoningSignature: script.reasoningSignature,
    refusal: script.refusal,
    toolCalls,
    usage: {
      inputTotal: script.usage?.inputTotal ?? 12,
      outputTotal: script.usage?.outputTotal ?? 9,
      cacheRead: script.usage?.cacheRead ?? 0,
      cacheWrite5m: script.usage?.cacheWrite5m ?? 0,
      cacheWrite1h: script.usage?.cacheWrite1h ?? 0,
      reasoning: script.usage?.reasoning ?? 0,
    },
    finish: script.finish ?? (toolCalls.length > 0 ? 'tool-calls' : 'stop'),
    model: script.model,
  }
}

/** Slices of eight code points, so that no character is broken across events (bytes may still be, by `writeBytes`). */
export function toSlices(text: string): readonly string[] {
  return text.match(/[\s\S]{1,8}/gu) ?? []
}
