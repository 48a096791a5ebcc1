import { InlineBuilder, type Inline, type RunStyle } from '../../canonical/index.ts'

export type Marks = NonNullable<RunStyle['marks']>

/** Where words go: into the body, or into what stands beside it. */
export interface Capture {
  readonly kind: CaptureKind
  /** Of kinds without looks. */
  text: string
  /** Of kinds with looks: the paragraph that is open, and those that are whole. */
  words: InlineBuilder
  readonly paragraphs: Inline[]
  /** What stands before a footnote, who wrote a comment and when. */
  label: string
  author: string
  date: string
  /** Whether it has a sign of a font of signs. */
  hasSign: boolean
}

export type CaptureKind = Rich | Plain | 'nothing'

/** Kinds that are read with looks and paragraphs. */
export type Rich = 'body' | 'note' | 'box' | 'furniture' | 'comment'
type Plain =
  | 'fonts'
  | 'styles'
  | 'title'
  | 'label'
  | 'instruction'
  | 'author'
  | 'date'
  | 'property-name'
  | 'property-value'

/** What holds for the words of a group, and for the groups in it. */
export interface State {
  capture: Capture
  /** Where words go that are there once more for programs that know Unicode. */
  alternative: Capture | undefined
  font: number
  /** Characters that stand after a code point for programs that do not know it. */
  fallback: number
  isBold: boolean
  isItalic: boolean
  isStruck: boolean
  isRaised: boolean
  isHidden: boolean
  isDeleted: boolean
  field: Field | undefined
  /** Made of the above; another list only when one of them changes. */
  marks: Marks
  paragraph: ParagraphState
}

export interface Field {
  href: string | undefined
  /** What a field shows that has no result. */
  sign: string
  hasResult: boolean
}

export interface ParagraphState {
  readonly style: number
  /** 1…9 where the paragraph itself says that it is a heading. */
  readonly outline: number | undefined
  readonly isInTable: boolean
  /** Of its list, from 0. */
  readonly level: number
  /** Whether its first line begins before the others, as of items. */
  readonly isHanging: boolean
}

export const plainParagraph: ParagraphState = {
  style: 0,
  outline: undefined,
  isInTable: false,
  level: 0,
  isHanging: false,
}

export function createCapture(kind: CaptureKind): Capture {
  return { kind, text: '', words: new InlineBuilder(), paragraphs: [], label: '', author: '', date: '', hasSign: false }
}

export function isRich({ kind }: Capture): boolean {
  return kind === 'body' || kind === 'note' || kind === 'box' || kind === 'furniture' || kind === 'comment'
}

/** Ends the paragraph of a capture beside the body. */
export function endParagraph(capture: Capture): void {
  const inline = capture.words.build()
  if (inline.text !== '') capture.paragraphs.push(inline)
  capture.words = new InlineBuilder()
}

export function createState(capture: Capture): State {
  return {
    capture,
    alternative: undefined,
    font: -1,
    fallback: 1,
    isBold: false,
    isItalic: false,
    isStruck: false,
    isRaised: false,
    isHidden: false,
    isDeleted: false,
    field: undefined,
    marks: [],
    paragraph: plainParagraph,
  }
}

/** Puts together the marks of words from what holds for them. */
export function toMarks({ isBold, isItalic, isStruck, field }: State): Marks {
  return [
    ...(isBold ? [{ type: 'strong' as const }] : []),
    ...(isItalic ? [{ type: 'emphasis' as const }] : []),
    ...(isStruck ? [{ type: 'strike' as const }] : []),
    ...(field?.href === undefined ? [] : [{ type: 'link' as const, href: field.href }]),
  ]
}
