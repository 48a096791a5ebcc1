/** What was seen of an answer, of all that was generated: text, reasoning, arguments of tools. */
export interface Generated {
  /** UTF-16 units. */
  readonly units: number
  /** Of the units, those of scripts above U+3000, which take more tokens. */
  readonly wide: number
  /** Events that carried some of it: at many vendors one for each token. */
  readonly pieces: number
  /** How much it was when the endpoint last reported its usage; `undefined` when it has not. */
  readonly reported?: Omit<Generated, 'reported'> | undefined
}

/** Keeps the texts of what is generated, for who wants to count it exactly. */
export interface TextKeeper {
  /**
   * What a channel says next. Texts of different channels are not one text: `text`, `reasoning`, the arguments of one tool call; its name,
   * whose channel ends with `/name`.
   */
  keep(channel: string, text: string): void
  /** An event came without text though one was due: a token that is only a part of a character. */
  keepNothing(): void
  /** The endpoint has reported what it used so far. */
  mark(): void
  /** The answer is told again from its beginning. */
  restart(): void
}

export const nothingGenerated: Generated = Object.freeze({ units: 0, wide: 0, pieces: 0 })

/** Counts what is generated. A class, because it stands under every event. */
export class GeneratedMeter implements Generated {
  units = 0
  wide = 0
  pieces = 0
  reported: Omit<Generated, 'reported'> | undefined
  readonly texts: TextKeeper | undefined

  constructor(texts?: TextKeeper) {
    this.texts = texts
  }

  /** One piece of text, kept under its channel where one is named. Empty text is none. */
  add(text: string, channel?: string): void {
    let wide = 0
    for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= 0x3000) wide++
    this.addLength(text.length, wide)
    if (channel !== undefined && text !== '') this.texts?.keep(channel, text)
  }

  addLength(units: number, wide: number): void {
    if (units === 0) return
    this.units += units
    this.wide += wide
    this.pieces += 1
  }

  /** The endpoint has reported what it used so far. */
  report(): void {
    const { units, wide, pieces } = this
    this.reported = { units, wide, pieces }
    this.texts?.mark()
  }
}
