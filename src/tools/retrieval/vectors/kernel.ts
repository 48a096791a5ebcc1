/** Inner products of one vector with many that lie one behind another, four floats at a time. */
export interface Kernel {
  /** Where vectors lie; replaced when it grows. */
  readonly memory: WasmMemory
  /**
   * Writes the products of `count` vectors at `vectors` with the one at `query` to `results`, all of it 32-bit floats at
   * places in bytes; `vectorBytes` is a multiple of 16 and above 0. The sums are made in the same order on every machine.
   */
  readonly scan: (...places: Places) => void
}

type Places = readonly [vectors: number, count: number, query: number, vectorBytes: number, results: number]

export interface WasmMemory {
  /** Another one each time the memory has grown. */
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** What is used of WebAssembly; the types of Node do not have it. */
interface Wasm {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => WasmMemory
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

const pageBytes = 65_536

export function createKernel(): Kernel {
  const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: Wasm } // Node has it
  const memory = new wasm.Memory({ initial: 1, maximum: 65_536 })
  const instance = new wasm.Instance(new wasm.Module(code), { m: { m: memory } })
  const { scan } = instance.exports
  return { memory, scan: scan as Kernel['scan'] } // the one function the code below exports
}

/** Makes the memory that large; what is in it stays. */
export function reserveBytes({ memory }: Pick<Kernel, 'memory'>, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
}

const [get, set, tee] = [0x20, 0x21, 0x22]
const [vectors, count, query, vectorBytes, results, end, at, sum] = [0, 1, 2, 3, 4, 5, 6, 7]
const [constant, add, subtract, less] = [0x41, 0x6a, 0x6b, 0x49]
const load = [0xfd, 0x00, 0x00, 0x00]
const lane = (index: number): readonly number[] => [get, sum, 0xfd, 0x1f, index]

/** A loop over the vectors around a loop over their floats. */
const body = [
  [0x03, 0x40],
  [0xfd, 0x0c, ...Array<number>(16).fill(0), set, sum],
  [get, query, tee, at, get, vectorBytes, add, set, end],
  [0x03, 0x40],
  [get, sum, get, vectors, ...load, get, at, ...load],
  [0xfd, 0xe6, 0x01, 0xfd, 0xe4, 0x01, set, sum], // multiply, add
  [get, vectors, constant, 16, add, set, vectors],
  [get, at, constant, 16, add, tee, at, get, end, less, 0x0d, 0],
  [0x0b],
  [get, results, ...lane(0), ...lane(1), 0x92, ...lane(2), ...lane(3), 0x92, 0x92, 0x38, 0x02, 0x00],
  [get, results, constant, 4, add, set, results],
  [get, count, constant, 1, subtract, tee, count, 0x0d, 0],
  [0x0b],
].flat()
const locals = [2, 2, 0x7f, 1, 0x7b]
const functionBytes = [...locals, ...body, 0x0b]

function section(id: number, bytes: readonly number[]): readonly number[] {
  return [id, ...toLeb(bytes.length), ...bytes]
}

function toLeb(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]
}

/** A module of WebAssembly with SIMD: imports the memory `m.m`, exports the function `scan`. */
const code = Uint8Array.from(
  [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(1, [1, 0x60, 5, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0]),
    section(2, [1, 1, 0x6d, 1, 0x6d, 0x02, 0x01, 1, 0x80, 0x80, 0x04]),
    section(3, [1, 0]),
    section(7, [1, 4, ...Buffer.from('scan'), 0x00, 0]),
    section(10, [1, ...toLeb(functionBytes.length), ...functionBytes]),
  ].flat(),
)
