import { toCanonicalJson } from '../../../core/canonical-json.ts'
import { isJsonObject } from '../../../core/json.ts'
import { toErrorCode } from '../../../core/errors.ts'
import type { CallRow } from '../../../store/index.ts'
import type { DigestText } from '../merkle.ts'
import { RecordBytes } from './record-bytes.ts'

/**
 * The leaf hash of a call tree from the rows that the fold writes: of the same bytes as `toCallRecord` makes of the same rows when
 * they are read from the tables (a test compares the two), in a small part of the time. Members stand in the order of canonical JSON.
 */
export interface RecordWriter {
  /** `sequence` is that of the record in its tenant. */
  hash(tree: readonly CallRow[], sequence: number): DigestText
}

export function createRecordWriter(): RecordWriter {
  const shapes = new Shapes()
  const bytes = new RecordBytes()
  return {
    hash(tree, sequence) {
      const rows = tree.length === 1 ? tree : inOrder(tree)
      bytes.start()
      bytes.constant(parts.begin)
      for (let place = 0; place < rows.length; place++) {
        const row = rows[place] ?? []
        if (place > 0) bytes.constant(parts.comma)
        writeNode(bytes, row, shapes.of(row))
      }
      const root = rows[0] ?? []
      bytes.constant(parts.key)
      bytes.quoted(root[6])
      bytes.constant(parts.root)
      bytes.quoted(root[1])
      bytes.constant(parts.sequence)
      bytes.whole(sequence)
      bytes.constant(parts.tenant)
      bytes.quoted(root[0])
      bytes.constant(parts.end)
      return bytes.hash()
    },
  }
}

const parts = {
  begin: Buffer.from('{"calls":['),
  comma: Buffer.from(','),
  key: Buffer.from('],"key":'),
  root: Buffer.from(',"root":'),
  sequence: Buffer.from(',"sequence":'),
  tenant: Buffer.from(',"tenant":'),
  end: Buffer.from(',"type":"call"}'),
  cost: Buffer.from('{"cost":'),
  id: Buffer.from(',"id":'),
  input: Buffer.from(',"input_total":'),
  parent: Buffer.from(',"parent":'),
} as const

/** Root first, then as `toTrees` has them. Of rows with the same id the table keeps the first. */
function inOrder(tree: readonly CallRow[]): readonly CallRow[] {
  const first = tree[0]
  const second = tree[1]
  if (tree.length === 2 && first !== undefined && second !== undefined && first[2] !== second[2]) {
    return isRoot(second) ? [second, first] : tree
  }
  const nodes = new Map<string, CallRow>()
  for (const row of tree) if (!isRoot(row) && !nodes.has(String(row[2]))) nodes.set(String(row[2]), row)
  const sorted = [...nodes].sort(([left], [right]) => (nodes.size > 9 ? byLength(left, right) : byBytes(left, right)))
  return [...tree.filter(isRoot).slice(0, 1), ...sorted.map(([, row]) => row)]
}

function isRoot(row: CallRow): boolean {
  return row[2] === row[1]
}

function byLength(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : 1)
}

/** As the databases sort them. */
function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

/** By place: taking an array apart goes over all that stands before. */
function writeNode(bytes: RecordBytes, row: CallRow, shape: Shape): void {
  bytes.constant(parts.cost)
  bytes.quotedWhole(row[23])
  bytes.constant(shape.detail)
  bytes.number(row[8])
  bytes.constant(shape.error)
  bytes.number(row[11])
  bytes.constant(parts.id)
  bytes.quoted(row[2])
  bytes.constant(parts.input)
  bytes.whole(row[16])
  bytes.constant(shape.kind)
  bytes.whole(row[20])
  bytes.constant(parts.parent)
  bytes.quoted(row[3])
  bytes.constant(shape.price)
  bytes.whole(row[7])
  bytes.constant(shape.status)
}

/** What stands between the values that differ from call to call, from a name on to the value that follows it. */
interface Shape {
  readonly row: CallRow
  readonly detail: Uint8Array
  readonly error: Uint8Array
  readonly kind: Uint8Array
  readonly price: Uint8Array
  readonly status: Uint8Array
}

/** Columns that a shape is made of. */
const shapeColumns = [4, 5, 9, 10, 12, 13, 14, 15, 24] as const
const shapesMax = 16

/** Most nodes are like one of the last few in all but their ids, times and counts. A class because it remembers those. */
class Shapes {
  readonly #canonical = new CanonicalTexts()
  readonly #known: Shape[] = []
  /** Where the next one is looked for first: the nodes of a tree come in the order of those of the tree before. */
  #next = 0
  #oldest = 0

  of(row: CallRow): Shape {
    const known = this.#known
    for (let step = 0; step < known.length; step++) {
      const place = (this.#next + step) % known.length
      const shape = known[place]
      if (shape === undefined || !isOf(shape, row)) continue
      this.#next = place + 1
      return shape
    }
    const made = toShape(row, this.#canonical)
    if (known.length < shapesMax) known.push(made)
    else {
      known[this.#oldest] = made
      this.#oldest = (this.#oldest + 1) % shapesMax
    }
    return made
  }
}

function isOf(shape: Shape, row: CallRow): boolean {
  const { row: seen } = shape
  for (let index = 0; index < shapeColumns.length; index++) {
    const column = shapeColumns[index] ?? 0
    if (column < row.length ? seen[column] !== row[column] : column < seen.length) return false
  }
  return true
}

function toShape(row: CallRow, canonical: CanonicalTexts): Shape {
  const [, , , , kind, name, , , , status, detail, , error, vendorModel, regions, source] = row
  const toBytes = (text: string): Uint8Array => Buffer.from(text)
  return {
    row,
    detail: toBytes(`,"detail":${canonical.of(detail)},"duration_ms":`),
    error: toBytes(`,"error":${typeof error === 'string' ? `"${toErrorCode(error)}"` : 'null'},"first_byte_ms":`),
    kind: toBytes(`,"kind":"${kind}","name":${quote(name)},"output_total":`),
    price: toBytes(`,"price_version":${quote(row[24])},"regions":${canonical.of(regions)},"started_at_ms":`),
    status: toBytes(
      `,"status":"${status}","usage_source":${typeof source === 'string' ? `"${source}"` : 'null'},"vendor_model":${quote(vendorModel)}}`,
    ),
  }
}

type Value = CallRow[number] | undefined

function quote(value: Value): string {
  return typeof value === 'string' ? JSON.stringify(value) : 'null'
}

/** Of the texts that are kept together. */
const charactersMax = 262_144

/** JSON text as canonical JSON. Most calls say of themselves what others have said, so that what it came to is kept. */
class CanonicalTexts {
  readonly #known = new Map<string, string>()
  #characters = 0

  of(text: Value): string {
    if (typeof text !== 'string') return 'null'
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const value: unknown = JSON.parse(text)
    const made = isJsonObject(value) || Array.isArray(value) ? toCanonicalJson(value) : 'null'
    if (text.length > charactersMax / 16) return made
    this.#characters += text.length
    if (this.#characters > charactersMax) {
      this.#known.clear()
      this.#characters = text.length
    }
    this.#known.set(text, made)
    return made
  }
}
