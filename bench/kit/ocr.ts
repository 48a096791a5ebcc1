import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isJsonObject } from '../../src/core/json.ts'
import type { Preparation } from '../../src/tools/preparation/index.ts'
import { letter, png, readFont, type Font, type GreyPicture } from '../../test/kit/lettering/index.ts'
import type { ScorecardOptions } from './scorecard.ts'

/** How well pictures of text are read: share of characters, in three scripts, of clean and of bad scans. */
export async function measureOcr(
  preparation: Preparation,
  { dataFolder, print, seed }: ScorecardOptions,
): Promise<Readonly<Record<string, number>>> {
  const figures: Record<string, number> = {}
  const fonts = readFonts()
  let pages = 0
  const startedAt = process.cpuUsage()
  for (const script of scripts) {
    const texts = script.read(dataFolder).filter((text) => isCovered(text, fonts[script.name]))
    const picked = texts.filter((_, index) => index % Math.ceil(texts.length / textsPerScript) === seed % 2)
    if (picked.length === 0) continue
    for (const scan of scans) {
      let [wrong, all] = [0, 0]
      for (const text of picked.slice(0, textsPerScript)) {
        const picture = scan.spoil(
          letter(text, { fonts: fonts[script.name], emPixels: scan.emPixels, width: scan.width }),
        )
        const read = await preparation.parse({ source: 'scan.png', bytes: png(picture) })
        const [expected, found] = [fold(text), fold(read.text)]
        const distance = editDistance(expected, found)
        wrong += distance
        all += expected.length
        pages++
        if (distance > expected.length * 0.1)
          print(`ocr/${script.name}/${scan.name}: ${expected.slice(0, 40)} → ${found.slice(0, 40)}`)
      }
      figures[`ocr.${script.name}.${scan.name}`] = 1 - wrong / all
    }
  }
  const { user, system } = process.cpuUsage(startedAt)
  if (pages > 0) figures['ocr.cpuSecondsPerPage'] = (user + system) / 1e6 / pages
  return figures
}

const textsPerScript = 12
const textLengthMax = 600

type ScriptName = 'english' | 'simplified' | 'traditional'

interface Script {
  readonly name: ScriptName
  readonly read: (dataFolder: string) => readonly string[]
}

const scripts: readonly Script[] = [
  { name: 'english', read: (folder) => readParagraphs(join(folder, 'retrieval/chunking_eval/state_of_the_union.md')) },
  { name: 'simplified', read: (folder) => readContexts(join(folder, 'retrieval/cmrc2018/cmrc2018_dev.json')) },
  { name: 'traditional', read: (folder) => readContexts(join(folder, 'retrieval/drcd/DRCD_test.json')) },
]

interface Scan {
  readonly name: string
  readonly emPixels: number
  readonly width: number
  readonly spoil: (picture: GreyPicture) => GreyPicture
}

/** Ten points at 300 dots per inch as drawn; and at 200, turned by half a degree, with a grey ground and specks. */
const scans: readonly Scan[] = [
  { name: 'clean', emPixels: 42, width: 1_800, spoil: (picture) => picture },
  { name: 'bad', emPixels: 28, width: 1_200, spoil: (picture) => speckle(turn(picture, 0.5)) },
]

function readFonts(): Readonly<Record<ScriptName, readonly Font[]>> {
  const require = createRequire(import.meta.url)
  const open = (name: string, path: string): Font =>
    readFont(join(dirname(require.resolve(`${name}/package.json`)), path))
  const latin = open('pdfjs-dist', 'standard_fonts/LiberationSans-Regular.ttf')
  const simplified = open('@fontsource/noto-sans-sc', 'files/noto-sans-sc-chinese-simplified-400-normal.woff')
  const traditional = open(
    '@fontsource/chocolate-classical-sans',
    'files/chocolate-classical-sans-chinese-traditional-400-normal.woff',
  )
  return { english: [latin], simplified: [simplified, latin], traditional: [traditional, simplified, latin] }
}

function readParagraphs(path: string): readonly string[] {
  if (!existsSync(path)) return []
  const paragraphs = readFileSync(path, 'utf8').split(/\n\s*\n/)
  return paragraphs
    .map((text) => text.replace(/\s+/g, ' ').trim())
    .filter((text) => text.length > 200)
    .map(shorten)
}

/** Every `context` of a set of questions, once. */
function readContexts(path: string): readonly string[] {
  if (!existsSync(path)) return []
  const found = new Set<string>()
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) walk(each)
    else if (isJsonObject(value)) {
      if (typeof value['context'] === 'string') found.add(shorten(value['context'].replace(/\s+/g, '')))
      for (const each of Object.values(value)) walk(each)
    }
  }
  walk(JSON.parse(readFileSync(path, 'utf8')))
  return [...found]
}

function shorten(text: string): string {
  return text.slice(0, /\p{Script=Han}/u.test(text) ? textLengthMax / 2 : textLengthMax).trimEnd()
}

function isCovered(text: string, fonts: readonly Font[]): boolean {
  for (const character of text) {
    if (character.trim() !== '' && !fonts.some((font) => font.glyphOf(character) !== 0)) return false
  }
  return true
}

/** Wide and narrow forms are one, blanks none. */
function fold(text: string): string {
  return text.normalize('NFKC').replace(/\s+/g, '').replaceAll('。', '.').replaceAll('、', ',')
}

/** Fewest characters put in, taken out or changed (Levenshtein, 1965). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

function turn({ width, height, pixels }: GreyPicture, degrees: number): GreyPicture {
  const [sine, cosine] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
  const turned = new Uint8Array(width * height).fill(255)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - width / 2, y - height / 2]
      const [fromX, fromY] = [
        Math.round(dx * cosine + dy * sine + width / 2),
        Math.round(dy * cosine - dx * sine + height / 2),
      ]
      if (fromX < 0 || fromY < 0 || fromX >= width || fromY >= height) continue
      turned[y * width + x] = pixels[fromY * width + fromX] ?? 255
    }
  }
  return { width, height, pixels: turned }
}

/** A ground that is not white, and specks, the same each time. */
function speckle({ width, height, pixels }: GreyPicture): GreyPicture {
  let state = 12_345
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state / 2 ** 32
  }
  const spoilt = pixels.map((pixel) => {
    const grey = Math.min(235, 20 + pixel * 0.85) + (next() - 0.5) * 50
    return Math.max(0, Math.min(255, next() < 0.002 ? 60 : grey))
  })
  return { width, height, pixels: spoilt }
}
