import { createSeededRandom } from '../../src/core/random.ts'

export interface TinyModelOptions {
  /** Decides every weight. */
  readonly seed: number
  readonly contextTokens: number
  /** A Jinja template of chats; none when absent. */
  readonly chatTemplate?: string
}

/** Length of the vectors that a tiny model embeds into. */
export const tinyModelDimensions = 32

const blockCount = 2
const headCount = 2
const feedForward = 64
const alignment = 32

/**
 * A whole GGUF file (version 3) of a llama model with two blocks and random weights, about 130 KB: it loads, generates
 * and embeds like a real one, and says nothing sensible. Its vocabulary can spell every text, byte by byte.
 */
export function createTinyModel(options: TinyModelOptions): Buffer {
  const vocabulary = createVocabulary()
  const tensors = createTensors(vocabulary.length, options.seed)
  const metadata = createMetadata(vocabulary, options)

  let offset = 0
  const infos = tensors.map(({ name, shape, values }) => {
    const info = [
      text(name),
      u32(shape.length),
      ...shape.map((size) => u64(size)),
      u32(valueTypes.f32Tensor),
      u64(offset),
    ]
    offset += align(values.byteLength)
    return Buffer.concat(info)
  })
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(tensors.length),
    u64(metadata.length),
    ...metadata.map(([key, value]) => Buffer.concat([text(key), value])),
    ...infos,
  ])
  const data = tensors.map(({ values }) => pad(Buffer.from(values.buffer, values.byteOffset, values.byteLength)))
  return Buffer.concat([pad(head), ...data])
}

interface Token {
  readonly text: string
  readonly score: number
  readonly type: number
}

/** Types of tokens and of values, as the format numbers them. */
const tokenTypes = { normal: 1, unknown: 2, control: 3, byte: 6 }
const valueTypes = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9, f32Tensor: 0 }

/** SentencePiece: three control tokens, every byte, and the printable ASCII characters. */
function createVocabulary(): readonly Token[] {
  const bytes = Array.from({ length: 256 }, (_, byte): Token => {
    return { text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, score: 0, type: tokenTypes.byte }
  })
  const characters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index))
  const pieces = ['▁', ...characters].map((piece, index): Token => {
    return { text: piece, score: -1 - index, type: tokenTypes.normal }
  })
  return [
    { text: '<unk>', score: 0, type: tokenTypes.unknown },
    { text: '<s>', score: 0, type: tokenTypes.control },
    { text: '</s>', score: 0, type: tokenTypes.control },
    ...bytes,
    ...pieces,
  ]
}

interface Tensor {
  readonly name: string
  /** Fastest dimension first. */
  readonly shape: readonly number[]
  readonly values: Float32Array
}

function createTensors(vocabularySize: number, seed: number): readonly Tensor[] {
  const random = createSeededRandom(seed)
  const dimensions = tinyModelDimensions
  const weights = (name: string, columns: number, rows: number): Tensor => {
    const values = Float32Array.from({ length: columns * rows }, () => (random.next() - 0.5) * 0.6)
    return { name: `${name}.weight`, shape: [columns, rows], values }
  }
  const norm = (name: string): Tensor => {
    return { name: `${name}.weight`, shape: [dimensions], values: new Float32Array(dimensions).fill(1) }
  }
  const blocks = Array.from({ length: blockCount }, (_, block) => [
    norm(`blk.${block}.attn_norm`),
    weights(`blk.${block}.attn_q`, dimensions, dimensions),
    weights(`blk.${block}.attn_k`, dimensions, dimensions),
    weights(`blk.${block}.attn_v`, dimensions, dimensions),
    weights(`blk.${block}.attn_output`, dimensions, dimensions),
    norm(`blk.${block}.ffn_norm`),
    weights(`blk.${block}.ffn_gate`, dimensions, feedForward),
    weights(`blk.${block}.ffn_up`, dimensions, feedForward),
    weights(`blk.${block}.ffn_down`, feedForward, dimensions),
  ])
  return [
    weights('token_embd', dimensions, vocabularySize),
    ...blocks.flat(),
    norm('output_norm'),
    weights('output', dimensions, vocabularySize),
  ]
}

type Entry = readonly [key: string, value: Buffer]

function createMetadata(vocabulary: readonly Token[], options: TinyModelOptions): readonly Entry[] {
  const number = (value: number): Buffer => Buffer.concat([u32(valueTypes.u32), u32(value)])
  const words = (value: string): Buffer => Buffer.concat([u32(valueTypes.string), text(value)])
  const list = (type: number, items: readonly Buffer[]): Buffer =>
    Buffer.concat([u32(valueTypes.array), u32(type), u64(items.length), ...items])
  const template: readonly Entry[] =
    options.chatTemplate === undefined ? [] : [['tokenizer.chat_template', words(options.chatTemplate)]]
  return [
    ['general.architecture', words('llama')],
    ['general.name', words('tiny')],
    ['general.alignment', number(alignment)],
    ['llama.context_length', number(options.contextTokens)],
    ['llama.embedding_length', number(tinyModelDimensions)],
    ['llama.block_count', number(blockCount)],
    ['llama.feed_forward_length', number(feedForward)],
    ['llama.attention.head_count', number(headCount)],
    ['llama.attention.head_count_kv', number(headCount)],
    ['llama.attention.layer_norm_rms_epsilon', Buffer.concat([u32(valueTypes.f32), f32(1e-5)])],
    ['llama.rope.dimension_count', number(tinyModelDimensions / headCount)],
    ['llama.vocab_size', number(vocabulary.length)],
    ['tokenizer.ggml.model', words('llama')],
    [
      'tokenizer.ggml.tokens',
      list(
        valueTypes.string,
        vocabulary.map((token) => text(token.text)),
      ),
    ],
    [
      'tokenizer.ggml.scores',
      list(
        valueTypes.f32,
        vocabulary.map((token) => f32(token.score)),
      ),
    ],
    [
      'tokenizer.ggml.token_type',
      list(
        valueTypes.i32,
        vocabulary.map((token) => u32(token.type)),
      ),
    ],
    ['tokenizer.ggml.unknown_token_id', number(0)],
    ['tokenizer.ggml.bos_token_id', number(1)],
    ['tokenizer.ggml.eos_token_id', number(2)],
    ['tokenizer.ggml.add_bos_token', Buffer.concat([u32(valueTypes.bool), Buffer.from([1])])],
    ...template,
  ]
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}

function align(size: number): number {
  return Math.ceil(size / alignment) * alignment
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(align(bytes.length) - bytes.length)])
}
