/** One value of DER (ITU-T X.690): its tag, what is in it, and all of its bytes. */
export interface DerValue {
  readonly tag: number
  readonly body: Buffer
  readonly whole: Buffer
}

/** The values that stand one after another in these bytes. Throws RangeError for what is no DER. */
export function readDer(bytes: Buffer): readonly DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0
    const { length, head } = readLength(bytes, at + 1)
    const start = at + 1 + head
    if ((tag & 0x1f) === 0x1f || start + length > bytes.length) throw new RangeError('is no DER')
    values.push({ tag, body: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) })
    at = start + length
  }
  return values
}

function readLength(bytes: Buffer, at: number): { readonly length: number; readonly head: number } {
  const first = bytes[at] ?? 0x80
  if (first < 0x80) return { length: first, head: 1 }
  const count = first & 0x7f
  if (count === 0 || count > 3 || at + count >= bytes.length) throw new RangeError('is no DER')
  return { length: bytes.readUIntBE(at + 1, count), head: 1 + count }
}

/** The value at a path: each step is a place among the values inside. Throws RangeError where there is none. */
export function findDer(value: DerValue, path: readonly number[]): DerValue {
  let found = value
  for (const step of path) {
    const inner = readDer(found.body)[step]
    if (inner === undefined) throw new RangeError('is shorter than it should be')
    found = inner
  }
  return found
}

/** A value with what is to stand in it. */
export function toDer(tag: number, ...inner: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(inner)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  const short = length.subarray(length.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.from([tag, 0x80 | short.length]), short, body])
}

export const derTags = { integer: 0x02, octets: 0x04, oid: 0x06, sequence: 0x30, set: 0x31 } as const

/** An object identifier such as `2.16.840.1.101.3.4.2.1`. */
export function toOid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80)
    return digits
  })
  return toDer(derTags.oid, Buffer.from(bytes))
}
