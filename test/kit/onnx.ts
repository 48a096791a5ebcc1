/** Length of the vectors that a tiny encoder makes. */
export const tinyEncoderDimensions = 8

/** Marks first; every word is one token, another word is `[UNK]`. */
export const tinyWords: readonly string[] = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  ...'annual leave is twenty days of sick pay notice the who what how many lunch rota 年 假 天 病'.split(' '),
]

/** What the table of an encoder holds for a token. */
export function tinyWeight(token: number, dimension: number): number {
  return Math.sin((token + 1) * (dimension + 1))
}

/** How much a token of the passage speaks for it, to the tiny reranker; the question does not count. */
export function tinyRelevance(token: number): number {
  return Math.cos(token)
}

export const tinyBias = 0.25

/** An ONNX file that looks every token up in a table: `last_hidden_state`, one vector for each. */
export function createTinyEncoder(): Buffer {
  const [rows, columns] = [tinyWords.length, tinyEncoderDimensions]
  const table = Float32Array.from({ length: rows * columns }, (_, at) =>
    tinyWeight(Math.floor(at / columns), at % columns),
  )
  return model({
    inputs: ['input_ids', 'attention_mask'],
    output: { name: 'last_hidden_state', shape: ['batch', 'length', columns] },
    tensors: [floats('table', [rows, columns], table)],
    nodes: [node('Gather', ['table', 'input_ids'], 'last_hidden_state')],
  })
}

/** An ONNX file that adds up what the tokens of the second text are worth, and a bias: `logits`, one for each pair. */
export function createTinyReranker(): Buffer {
  const worth = Float32Array.from(tinyWords, (_, token) => tinyRelevance(token))
  const float = [attribute('to', 1)]
  return model({
    inputs: ['input_ids', 'attention_mask', 'token_type_ids'],
    output: { name: 'logits', shape: ['batch', 1] },
    tensors: [
      floats('worth', [worth.length, 1], worth),
      floats('head', [1, 1], Float32Array.of(1)),
      floats('bias', [1], Float32Array.of(tinyBias)),
      whole('last', [-1]),
      whole('tokens', [1]),
    ],
    nodes: [
      node('Gather', ['worth', 'input_ids'], 'each'),
      node('Mul', ['attention_mask', 'token_type_ids'], 'second'),
      node('Cast', ['second'], { output: 'secondFloat', attributes: float }),
      node('Unsqueeze', ['secondFloat', 'last'], 'counted'),
      node('Mul', ['each', 'counted'], 'kept'),
      node('ReduceSum', ['kept', 'tokens'], { output: 'sum', attributes: [attribute('keepdims', 0)] }),
      node('MatMul', ['sum', 'head'], 'product'),
      node('Add', ['product', 'bias'], 'logits'),
    ],
  })
}

/** The `tokenizer.json` of both, as BERT's are. */
export function createTinyTokenizer(): object {
  const special = tinyWords.slice(0, 4).map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }))
  const mark = (id: string, type: number): object => ({ SpecialToken: { id, type_id: type } })
  const text = (id: string, type: number): object => ({ Sequence: { id, type_id: type } })
  const [cls, sep] = [
    { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
    { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
  ]
  return {
    version: '1.0',
    added_tokens: special,
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [mark('[CLS]', 0), text('A', 0), mark('[SEP]', 0)],
      pair: [mark('[CLS]', 0), text('A', 0), mark('[SEP]', 0), text('B', 1), mark('[SEP]', 1)],
      special_tokens: { '[CLS]': cls, '[SEP]': sep },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tinyWords.map((word, id) => [word, id])),
    },
  }
}

interface Graph {
  readonly inputs: readonly string[]
  readonly output: { readonly name: string; readonly shape: readonly (string | number)[] }
  readonly tensors: readonly Buffer[]
  readonly nodes: readonly Buffer[]
}

/** The parts of onnx.proto3 that such a model needs; numbers are those of its fields. */
function model({ inputs, output, tensors, nodes }: Graph): Buffer {
  const graph = Buffer.concat([
    ...nodes.map((each) => bytes(1, each)),
    text(2, 'tiny'),
    ...tensors.map((each) => bytes(5, each)),
    ...inputs.map((name) => bytes(11, value(name, { type: 7, shape: ['batch', 'length'] }))),
    bytes(12, value(output.name, { type: 1, shape: output.shape })),
  ])
  return Buffer.concat([number(1, 8), bytes(7, graph), bytes(8, Buffer.concat([text(1, ''), number(2, 13)]))])
}

function node(
  type: string,
  inputs: readonly string[],
  made: string | { readonly output: string; readonly attributes: readonly Buffer[] },
): Buffer {
  const { output, attributes } = typeof made === 'string' ? { output: made, attributes: [] } : made
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(4, type),
    ...attributes.map((each) => bytes(5, each)),
  ])
}

/** One whole number. */
function attribute(name: string, value: number): Buffer {
  return Buffer.concat([text(1, name), number(3, value), number(20, 2)])
}

function floats(name: string, shape: readonly number[], values: Float32Array): Buffer {
  return tensor(name, { shape, type: 1, data: Buffer.from(values.buffer, values.byteOffset, values.byteLength) })
}

function whole(name: string, values: readonly number[]): Buffer {
  const data = BigInt64Array.from(values, BigInt)
  return tensor(name, { shape: [values.length], type: 7, data: Buffer.from(data.buffer) })
}

function tensor(
  name: string,
  { shape, type, data }: { readonly shape: readonly number[]; readonly type: number; readonly data: Buffer },
): Buffer {
  return Buffer.concat([...shape.map((size) => number(1, size)), number(2, type), text(8, name), bytes(9, data)])
}

function value(
  name: string,
  { type, shape }: { readonly type: number; readonly shape: readonly (string | number)[] },
): Buffer {
  const sizes = shape.map((size) => bytes(1, typeof size === 'number' ? number(1, size) : text(2, size)))
  const described = Buffer.concat([number(1, type), bytes(2, Buffer.concat(sizes))])
  return Buffer.concat([text(1, name), bytes(2, bytes(1, described))])
}

function text(field: number, content: string): Buffer {
  return bytes(field, Buffer.from(content))
}

function bytes(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content])
}

function number(field: number, content: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(content)])
}

function varint(content: number): Buffer {
  const parts: number[] = []
  let rest = content
  for (; rest > 127; rest = Math.floor(rest / 128)) parts.push((rest % 128) + 128)
  return Buffer.from([...parts, rest])
}
