import { PlatformError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'

/** A value in a file, with its path: what is refused is refused with its place and the reason. Everything throws CONFIG_INVALID. */
export class Place {
  readonly path: string
  readonly #value: JsonValue | undefined

  constructor(path: string, value: JsonValue | undefined) {
    this.path = path
    this.#value = value
  }

  /** Whether it is not there, or null. */
  get isAbsent(): boolean {
    return this.#value === undefined || this.#value === null
  }

  at(key: string): Place {
    const object = this.object()
    return new Place(
      this.path === '' ? key : `${this.path}.${key}`,
      Object.hasOwn(object, key) ? object[key] : undefined,
    )
  }

  object(): JsonObject {
    return isJsonObject(this.#value) ? this.#value : this.refuse('is no object')
  }

  list(lengthMax: number): readonly Place[] {
    const values = this.values(lengthMax)
    return values.map((value, index) => new Place(`${this.path}[${index}]`, value))
  }

  /** The items as they are. */
  values(lengthMax: number): readonly JsonValue[] {
    const value = this.#value
    if (!Array.isArray(value)) return this.refuse('is no list')
    if (value.length > lengthMax) return this.refuse(`has ${value.length} items; ${lengthMax} at most are read`)
    return value as readonly JsonValue[] // an array of JSON
  }

  text(): string {
    const value = this.#value
    return typeof value === 'string' ? value : this.refuse('is no text')
  }

  flag(absent: boolean): boolean {
    if (this.isAbsent) return absent
    const value = this.#value
    return typeof value === 'boolean' ? value : this.refuse('is neither true nor false')
  }

  /** One of these words. */
  word<Word extends string>(words: readonly Word[]): Word {
    const value = this.text()
    const word = words.find((each) => each === value)
    return word ?? this.refuse(`is ${JSON.stringify(value.slice(0, 64))}; what is read is ${words.join(', ')}`)
  }

  refuse(reason: string): never {
    throw new PlatformError('CONFIG_INVALID', `is refused at ${this.path === '' ? 'its top' : this.path}: it ${reason}`)
  }
}
