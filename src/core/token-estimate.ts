import type { Chat, Part } from './chat.ts'
import { isJsonObject, type JsonValue } from './json.ts'

/**
 * Tokens by length, for where nobody counts: four Latin characters a token (OpenAI's rule of thumb for English), one and
 * a half characters above U+3000 (DeepSeek states 0.6 tokens a Chinese character, Qwen 1.5 to 1.8 characters a token).
 * An approximation: tokenizers differ by a quarter either way, and code and rare scripts take more.
 */
const narrowPerToken = 4
const widePerToken = 1.5

/** Added per message and per tool for the marks a chat template puts around them. */
const tokensPerMessage = 4
/** OpenAI's and Anthropic's figures for a picture of about a megapixel lie between 765 and 1,600. */
export const tokensPerImage = 1_200
/** A page or so; nobody can tell from the bytes. */
export const tokensPerFile = 2_000

/** Tokens of `units` UTF-16 units, of which `wide` are of scripts above U+3000. Rounded up. */
export function estimateTokensOfLength(length: { readonly units: number; readonly wide: number }): number {
  return Math.ceil((length.units - length.wide) / narrowPerToken + length.wide / widePerToken)
}

/** Tokens of a text. Cost: one pass. */
export function estimateTokens(text: string): number {
  let wide = 0
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= 0x3000) wide++
  return estimateTokensOfLength({ units: text.length, wide })
}

/** Input tokens of a chat: its messages, tools and answer schema. */
export function estimateInputTokens(chat: Chat): number {
  let tokens = 0
  for (const message of chat.messages) tokens += tokensPerMessage + estimateParts(message.parts)
  for (const tool of chat.tools) {
    tokens += tokensPerMessage + estimateTokens(tool.name + (tool.description ?? '') + JSON.stringify(tool.parameters))
  }
  if (chat.responseFormat?.type === 'json-schema') tokens += estimateTokens(JSON.stringify(chat.responseFormat.schema))
  return tokens
}

/** Tokens of the texts in a request body, media counted as such: for where the body has to do for the chat. */
export function estimateBodyTokens(value: JsonValue | undefined, key = ''): number {
  if (typeof value === 'string') {
    return key === 'data' || value.startsWith('data:') ? tokensPerImage : estimateTokens(value)
  }
  if (Array.isArray(value)) return value.reduce<number>((tokens, item) => tokens + estimateBodyTokens(item), 0)
  if (!isJsonObject(value)) return 0
  return Object.entries(value).reduce((tokens, [name, item]) => tokens + estimateBodyTokens(item, name), 0)
}

function estimateParts(parts: readonly Part[]): number {
  let tokens = 0
  for (const part of parts) tokens += estimatePart(part)
  return tokens
}

function estimatePart(part: Part): number {
  switch (part.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return estimateTokens(part.text)
    case 'image':
      return tokensPerImage
    case 'audio':
    case 'file':
      return tokensPerFile
    case 'tool-call':
      return estimateTokens(part.name + part.arguments)
    case 'tool-result':
      return estimateParts(part.parts)
  }
}
