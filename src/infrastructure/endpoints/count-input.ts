import type { Chat, ChatRequest, Part, Tool } from '../../core/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { tokensPerFile, tokensPerImage } from '../../core/token-estimate.ts'
import type { TokenCounter, Tokenizer } from '../tokenizers/index.ts'
import { findChat } from './find-chat.ts'
import { callTokens, toolTokens } from './openai-tokens.ts'

/** What a request has, as its endpoint's tokenizer counts it. */
export interface CountedInput {
  readonly messages: number
  readonly tools: number
  /** Tokens of the texts of messages. */
  readonly text: number
  /** Tokens of tools and of the schema of the answer. */
  readonly toolText: number
  /** Tokens that pictures, sound and files are taken for. */
  readonly media: number
}

/** Units of a request that are counted; of a longer one even parts, as many units together, and the rest by them. */
const unitsMax = 65_536
/** Of each such part. */
const partUnits = 2_048

/** Cost: some 0.2 ms a thousand units, of `unitsMax` at most. `undefined` where it cannot be counted now. */
export function countInput(request: ChatRequest, tokenizer: Tokenizer): CountedInput | undefined {
  const { counter } = tokenizer
  if (counter === undefined) return undefined
  const input = readInput(request, tokenizer.isOpenai)
  const units = [...input.texts, ...input.toolTexts].reduce((sum, text) => sum + text.length, 0)
  if (!tokenizer.turn.take(Math.min(units, unitsMax))) return undefined
  const share = Math.min(1, unitsMax / Math.max(1, units))
  const sum = (texts: readonly string[]): number =>
    texts.reduce((tokens, text) => tokens + countShare(text, share, counter), 0)
  const { messages, tools, media, constants, toolConstants } = input
  const text = constants + sum(input.texts)
  return { messages, tools, media, text, toolText: toolConstants + sum(input.toolTexts) }
}

/** Tokens of a text, by that share of it. */
function countShare(text: string, share: number, counter: TokenCounter): number {
  const parts = Math.ceil((text.length * share) / partUnits)
  if (share === 1 || parts * partUnits >= text.length) return counter.count(text)
  let tokens = 0
  for (let part = 0; part < parts; part++) {
    const start = Math.floor((part * text.length) / parts)
    tokens += counter.count(text.slice(start, start + partUnits))
  }
  return (tokens * text.length) / (parts * partUnits)
}

interface ReadInput {
  messages: number
  tools: number
  media: number
  /** Tokens of tool calls, and of tools, that stand in none of the texts. */
  constants: number
  toolConstants: number
  readonly texts: string[]
  readonly toolTexts: string[]
}

function readInput(request: ChatRequest, isOpenai: boolean): ReadInput {
  const input: ReadInput = { messages: 0, tools: 0, media: 0, constants: 0, toolConstants: 0, texts: [], toolTexts: [] }
  const chat = findChat(request)
  if (chat === undefined) input.texts.push(request.wire?.text ?? '')
  else readChat(chat, isOpenai, input)
  return input
}

function readChat({ messages, tools, responseFormat }: Chat, isOpenai: boolean, input: ReadInput): void {
  for (const { parts } of messages) {
    input.messages += 1
    readParts(parts, input)
    if (isOpenai) input.constants += callTokens(parts.filter(({ type }) => type === 'tool-call').length)
  }
  for (const tool of tools) {
    input.tools += 1
    if (isOpenai) readOpenaiTool(tool, input)
    else
      input.toolTexts.push(
        JSON.stringify({ name: tool.name, description: tool.description, parameters: tool.parameters }),
      )
  }
  if (isOpenai && tools.length > 0) input.toolConstants += toolTokens.end
  if (responseFormat?.type === 'json-schema') input.toolTexts.push(JSON.stringify(responseFormat.schema))
}

function readParts(parts: readonly Part[], input: ReadInput): void {
  for (const part of parts) {
    switch (part.type) {
      case 'text':
      case 'reasoning':
      case 'refusal':
        input.texts.push(part.text)
        break
      case 'image':
        input.media += tokensPerImage
        break
      case 'audio':
      case 'file':
        input.media += tokensPerFile
        break
      case 'tool-call':
        input.texts.push(part.name, part.arguments)
        break
      case 'tool-result':
        readParts(part.parts, input)
        break
    }
  }
}

const depthMax = 16

function readOpenaiTool({ name, description, parameters }: Tool, input: ReadInput): void {
  input.toolConstants += toolTokens.begin
  input.toolTexts.push(`${name}:${withoutStop(description)}`)
  readProperties(parameters, input, 0)
}

/** Inner objects are written as the outer one is, which OpenAI does not document. */
function readProperties(schema: JsonObject, input: ReadInput, depth: number): void {
  const properties = isJsonObject(schema['properties']) ? Object.entries(schema['properties']) : []
  if (properties.length === 0 || depth > depthMax) return
  input.toolConstants += toolTokens.properties
  for (const [name, property] of properties) {
    input.toolConstants += toolTokens.property
    if (!isJsonObject(property)) continue
    const { type, description, enum: values, items } = property
    if (Array.isArray(values)) {
      input.toolConstants += toolTokens.values + toolTokens.value * values.length
      input.toolTexts.push(
        ...values.map((value: JsonValue) => (typeof value === 'string' ? value : JSON.stringify(value))),
      )
    }
    input.toolTexts.push(
      `${name}:${typeof type === 'string' ? type : JSON.stringify(type ?? '')}:${withoutStop(description)}`,
    )
    readProperties(property, input, depth + 1)
    if (isJsonObject(items)) readProperties(items, input, depth + 1)
  }
}

function withoutStop(text: unknown): string {
  return typeof text === 'string' ? text.replace(/\.$/, '') : ''
}
