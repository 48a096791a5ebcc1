import type { FinishReason } from '../../../core/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { Citation } from '../../../core/chat.ts'
import type { Usage } from '../../../core/usage.ts'
import type { AnswerMeta } from '../dialect.ts'
import { isArray, toCitationUrl, toDialectId } from '../shared/index.ts'
import { encodeUsage } from './usage.ts'

/** How a response stands. */
export interface ResponseState {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  readonly output: readonly JsonObject[]
  readonly usage: Usage | undefined
  readonly error: JsonObject | null
  readonly incompleteReason: string | undefined
}

/** A response object: what the client asked for echoed back, as the dialect has it, and how the answer stands. */
export function encodeResponse(meta: AnswerMeta, state: ResponseState): JsonObject {
  const { body } = meta
  const usage = encodeUsage(state.usage)
  return {
    id: toDialectId('resp_', meta.callId),
    object: 'response',
    created_at: Math.floor(meta.createdAtMs / 1_000),
    status: state.status,
    background: false,
    error: state.error,
    incomplete_details: state.incompleteReason === undefined ? null : { reason: state.incompleteReason },
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    metadata: body['metadata'] ?? {},
    model: meta.model,
    output: state.output,
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: body['previous_response_id'] ?? null,
    reasoning: body['reasoning'] ?? null,
    store: false,
    temperature: body['temperature'] ?? null,
    text: body['text'] ?? { format: { type: 'text' } },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: echoTools(body['tools']),
    top_p: body['top_p'] ?? null,
    truncation: body['truncation'] ?? 'disabled',
    ...(typeof body['user'] === 'string' ? { user: body['user'] } : {}),
    ...(usage === undefined ? {} : { usage }),
  }
}

/** The status and the reason that a finish reason comes to. A refusal told in words is a completed response. */
export function toStatus(
  reason: FinishReason,
  hasRefusal: boolean,
): Pick<ResponseState, 'status' | 'incompleteReason'> {
  switch (reason) {
    case 'length':
      return { status: 'incomplete', incompleteReason: 'max_output_tokens' }
    case 'refusal':
      return hasRefusal
        ? { status: 'completed', incompleteReason: undefined }
        : { status: 'incomplete', incompleteReason: 'content_filter' }
    case 'stop':
    case 'tool-calls':
    case 'other':
      return { status: 'completed', incompleteReason: undefined }
  }
}

/** A citation of a file; its id names the span in the collection, `index` is where in the answer it ends. */
export function encodeCitation(citation: Citation, textLength: number): JsonObject {
  return {
    type: 'file_citation',
    file_id: toCitationUrl(citation),
    filename: citation.source,
    index: citation.answerEnd ?? textLength,
  }
}

/** The dialect echoes tools with their defaults filled in. */
function echoTools(tools: JsonValue | undefined): readonly JsonValue[] {
  if (!isArray(tools)) return []
  return tools.map((tool) => {
    if (!isJsonObject(tool) || tool['type'] !== 'function') return tool
    return { ...tool, strict: tool['strict'] ?? null, parameters: tool['parameters'] ?? null }
  })
}
