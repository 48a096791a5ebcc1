import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import type { OcrRuntime } from './runtime.ts'

/** What was read on a picture. */
export interface Recognition {
  /** The language it was read in, as Tesseract names it. */
  readonly language: string
  /** 0…1: mean over the characters read; 0 when there are none. */
  readonly confidence: number
  /** Of the picture, pixels, upright. */
  readonly width: number
  readonly height: number
  /** Paragraphs of lines of words, in the order of reading. */
  readonly paragraphs: readonly (readonly RecognisedLine[])[]
}

export type RecognisedLine = readonly RecognisedWord[]

export interface RecognisedWord {
  readonly text: string
  /** Pixels from the left and the top: left, top, right, bottom. */
  readonly box: readonly [left: number, top: number, right: number, bottom: number]
  /** 0…1. */
  readonly confidence: number
}

export interface RecogniseOptions {
  /** Read first in this one: the language of the page before. */
  readonly first: string | undefined
  /** 1…8: how the picture lies, as EXIF counts. */
  readonly orientation: number
}

export interface Engine {
  /** Reads in one language after the other until one is sure, else takes the surest. `undefined` for what is no picture. */
  recognise(picture: Uint8Array, options: RecogniseOptions): Recognition | undefined
}

/** The engine's own interface, as far as it is used. */
interface Core {
  readonly FS: { writeFile(path: string, data: Uint8Array): void; unlink(path: string): void }
  readonly TessBaseAPI: new () => Api
}

interface Api {
  /** 0 when it has worked. */
  Init(dataPath: null, language: string, mode: number): number
  SetPageSegMode(mode: number): void
  /** 0 when it has worked. */
  SetImageFile(orientation: number, angle: number): number
  Recognize(monitor: null): number
  GetTSVText(): string
  Clear(): void
}

/** The network for lines, without the classifier of old. */
const lstmOnly = 1
/** Finds columns and paragraphs by itself. */
const automaticLayout = 3
const inputPath = '/input'

/** Above it no other language is tried; a page in a wrong script stays far below. */
const sureAt = 0.9
/** What the language of the page before may be less sure of and still be taken at once. */
const sureAsBefore = 0.8

/** Loads the engine into this thread. Rejects when its files are not what they should be. */
export async function openEngine(runtime: OcrRuntime): Promise<Engine> {
  const create = createRequire(import.meta.url)(runtime.core) as (options: object) => Promise<Core>
  const ignore = (): void => undefined
  const core = await create({ print: ignore, printErr: ignore })
  const apis = new Map<string, Api>()
  const open = (language: string): Api => {
    const known = apis.get(language)
    if (known !== undefined) return known
    const data = runtime.languages[language]
    if (data === undefined) throw new Error(`there is no data for ${language}`)
    core.FS.writeFile(`./${language}.traineddata`, gunzipSync(readFileSync(data)))
    const api = new core.TessBaseAPI()
    if (api.Init(null, language, lstmOnly) !== 0) throw new Error(`the data for ${language} cannot be used`)
    core.FS.unlink(`./${language}.traineddata`)
    api.SetPageSegMode(automaticLayout)
    apis.set(language, api)
    return api
  }
  return {
    recognise(picture, { first, orientation }) {
      core.FS.writeFile(inputPath, picture)
      const names = Object.keys(runtime.languages)
      const order = first === undefined ? names : [first, ...names.filter((name) => name !== first)]
      const asked = new Set<string>()
      let best: Recognition | undefined
      for (const language of order) {
        const api = open(language)
        if (api.SetImageFile(orientation, 0) !== 0) return undefined
        api.Recognize(null)
        const found = readTable(language, api.GetTSVText())
        api.Clear()
        if (best === undefined || isSurer(found, best)) best = found
        const isSure = found.confidence >= (language === first ? sureAsBefore : sureAt)
        // Simplified and traditional look so much alike that each is sure of the other: both are asked.
        const hasRival = language !== first && names.some((name) => isRival(name, language) && !asked.has(name))
        asked.add(language)
        if (isSure && !hasRival) break
        // What has no words has none in any language.
        if (found.paragraphs.length === 0 && found.confidence === 0) break
      }
      core.FS.unlink(inputPath)
      return best
    },
  }
}

/**
 * Whether one reading is surer than the other. Of two scripts of one language only what they read differently is compared:
 * what both read alike says nothing, and each network is as sure of that.
 */
function isSurer(one: Recognition, other: Recognition): boolean {
  if (!isRival(one.language, other.language)) return one.confidence > other.confidence
  return confidenceIn(one, other) > confidenceIn(other, one)
}

/** Mean confidence of the words with Han characters that the other reading does not have at all. */
function confidenceIn(reading: Recognition, other: Recognition): number {
  const known = new Set(other.paragraphs.flat(2).flatMap(({ text }) => Array.from(text)))
  const isOwn = (character: string): boolean => /\p{Script=Han}/u.test(character) && !known.has(character)
  const own = reading.paragraphs.flat(2).filter(({ text }) => Array.from(text).some(isOwn))
  if (own.length === 0) return reading.confidence
  return own.reduce((sum, { confidence }) => sum + confidence, 0) / own.length
}

/** Two scripts of one language: `chi_sim`, `chi_tra`. */
function isRival(one: string, other: string): boolean {
  return one !== other && one.includes('_') && one.split('_')[0] === other.split('_')[0]
}

/** Columns of the engine's table: level, page, block, paragraph, line, word, left, top, width, height, confidence, text. */
function readTable(language: string, table: string): Recognition {
  const paragraphs = new Map<string, Map<string, RecognisedWord[]>>()
  let [width, height] = [0, 0]
  let [sure, characters] = [0, 0]
  for (const row of table.split('\n')) {
    const cells = row.split('\t')
    const [level, , block, paragraph, line] = cells
    const [left = 0, top = 0, wide = 0, high = 0, percent = 0] = cells.slice(6, 11).map(Number)
    if (level === '1') [width, height] = [wide, high]
    const text = cells[11]?.trim() ?? ''
    if (level !== '5' || text === '') continue
    const confidence = Math.max(0, Math.min(1, percent / 100))
    sure += confidence * text.length
    characters += text.length
    const lines = getOrAdd(paragraphs, `${block} ${paragraph}`, () => new Map<string, RecognisedWord[]>())
    const words = getOrAdd(lines, line ?? '', () => [])
    words.push({ text, box: [left, top, left + wide, top + high], confidence })
  }
  return {
    language,
    confidence: characters === 0 ? 0 : sure / characters,
    width,
    height,
    paragraphs: [...paragraphs.values()].map((lines) => [...lines.values()]),
  }
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
