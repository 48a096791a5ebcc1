import type { Box } from '../parser.ts'
import { ActualTexts } from './actual-text.ts'
import type { PdfPage } from './engine.ts'
import { withoutRadicals } from './radicals.ts'

/** A piece of a line: words that follow each other without a wide gap. Places are points from the top left. */
export interface Fragment {
  text: string
  readonly left: number
  right: number
  /** Where the letters stand, from the top. */
  readonly baseline: number
  /** Height of the letters and their font, of most of it. */
  size: number
  font: string
  /** Not written from left to right, as marks at the edge of a page are. */
  readonly isTurned: boolean
  /** As the page shows them one by one. */
  readonly parts: Part[]
}

export interface Part {
  readonly text: string
  readonly left: number
  readonly right: number
}

export interface PageText {
  readonly fragments: readonly Fragment[]
  readonly width: number
  readonly height: number
  /** Names of fonts as the engine numbers them. */
  readonly fonts: ReadonlySet<string>
  readonly characters: number
  /** Characters that have no meaning: not mapped, or for private use. */
  readonly lostCharacters: number
}

/** Words this far apart, in heights of letters, are two pieces. */
const gapMax = 0.9

/** The text of a page in pieces, in the order in which the page is drawn, which nearly always is that of reading. */
export async function readPageText(
  page: PdfPage,
  marks: { readonly hasActualTexts: boolean } = { hasActualTexts: false },
): Promise<PageText> {
  const viewport = page.getViewport({ scale: 1 })
  const items = await readItems(page, marks)
  const actual = new ActualTexts()
  const fragments: Fragment[] = []
  const fonts = new Set<string>()
  let characters = 0
  let lostCharacters = 0
  let open: Fragment | undefined
  let longest = 0
  let isSpaced = false
  for (const item of items) {
    if (!('str' in item)) {
      if (item.type === 'endMarkedContent') actual.end()
      else actual.begin('tag' in item ? item.tag : undefined)
      continue
    }
    const written = actual.read(item.str)
    const text = isSign(written) ? '•' : withoutRadicals(written)
    if (text.trim() === '') {
      isSpaced ||= text !== ''
      continue
    }
    characters += text.length
    lostCharacters += countLost(text)
    fonts.add(item.fontName)
    const place = toPlace(viewport.transform, item.transform as readonly number[], item.width)
    const part: Part = { text, left: place.left, right: place.right }
    const next: Fragment = { text, ...place, font: item.fontName, parts: [part] }
    if (open !== undefined && follows(open, next)) {
      open.text += (needsSpace(open, next, isSpaced) ? ' ' : '') + text
      open.right = Math.max(open.right, next.right)
      open.parts.push(part)
      if (text.length > longest) {
        open.size = next.size
        open.font = next.font
        longest = text.length
      }
    } else {
      open = next
      longest = text.length
      fragments.push(next)
    }
    isSpaced = /\s$/.test(text)
  }
  const { width, height } = viewport
  return { fragments, width, height, fonts, characters, lostCharacters }
}

/** What is written, with its marks where some say what it stands for; that is known once the page has been unpacked. */
async function readItems(
  page: PdfPage,
  marks: { readonly hasActualTexts: boolean },
): Promise<Awaited<ReturnType<PdfPage['getTextContent']>>['items']> {
  const known = marks.hasActualTexts
  const { items } = await page.getTextContent({ includeMarkedContent: known })
  if (known || !marks.hasActualTexts) return items
  return (await page.getTextContent({ includeMarkedContent: true })).items
}

function boxOf({ left, right, baseline, size }: Fragment): Box {
  return [round(left), round(baseline - size * 0.8), round(right), round(baseline + size * 0.2)]
}

/** The smallest box around all. */
export function boxAround(fragments: readonly Fragment[]): Box {
  const boxes = fragments.map(boxOf)
  return [
    Math.min(...boxes.map(([left]) => left)),
    Math.min(...boxes.map(([, top]) => top)),
    Math.max(...boxes.map(([, , right]) => right)),
    Math.max(...boxes.map(([, , , bottom]) => bottom)),
  ]
}

/** Two pieces of one line as one: with a blank between them where the script has blanks. */
export function joinTexts(before: string, after: string): string {
  if (before === '' || after === '') return before + after
  return isDense(before.slice(-1)) && isDense(after.slice(0, 1)) ? before + after : `${before} ${after}`
}

/** Han, kana and their marks, which are written without blanks. */
export function isDense(character: string): boolean {
  return /[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]/.test(character)
}

type Place = Pick<Fragment, 'left' | 'right' | 'baseline' | 'size' | 'isTurned'>

function toPlace(page: readonly number[], item: readonly number[], width: number): Place {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = page
  const [ia = 1, ib = 0, ic = 0, id = 1, ie = 0, iff = 0] = item
  const left = a * ie + c * iff + e
  const baseline = b * ie + d * iff + f
  const across = [a * ia + c * ib, b * ia + d * ib] as const
  const size = Math.hypot(a * ic + c * id, b * ic + d * id)
  const isTurned = Math.abs(across[1]) > Math.abs(across[0]) * 0.1 || across[0] < 0
  return { left, right: left + (isTurned ? 0 : width), baseline, size: size === 0 ? 1 : size, isTurned }
}

function follows(open: Fragment, next: Fragment): boolean {
  if (open.isTurned !== next.isTurned) return false
  const size = Math.max(open.size, next.size)
  if (Math.abs(open.baseline - next.baseline) > size * 0.5) return false
  // A script that stands higher or lower is smaller; letters of one size on two lines are two lines.
  if (Math.abs(open.baseline - next.baseline) > size * 0.25 && Math.abs(open.size - next.size) < size * 0.1)
    return false
  const gap = next.left - open.right
  return gap < size * gapMax && gap > -size * 1.5
}

function needsSpace(open: Fragment, next: Fragment, isSpaced: boolean): boolean {
  const [before, after] = [open.text.slice(-1), next.text.slice(0, 1)]
  if (/\s/.test(before) || /\s/.test(after)) return false
  const gap = (next.left - open.right) / Math.max(open.size, next.size)
  if (isDense(before) && isDense(after)) return gap > 0.6
  return isSpaced || gap > 0.17
}

/** A single character of a font of signs, which nearly always is a bullet. */
function isSign(text: string): boolean {
  return text.length === 1 && /^[\p{Cc}\p{Co}\ufffd]$/u.test(text)
}

function countLost(text: string): number {
  return text.match(/[\ufffd\ue000-\uf8ff]|[^\P{Cc}\s]/gu)?.length ?? 0
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
