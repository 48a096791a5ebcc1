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

export const nothingGenerated: Generated = Object.freeze({ units: 0, wide: 0, pieces: 0 })

/** Counts what is generated. A class, because it stands under every event. */
export class GeneratedMeter implements Generated {
  units = 0
  wide = 0
  pieces = 0
  reported: Omit<Generated, 'reported'> | undefined

  /** One piece of text. Empty text is none. */
  add(text: string): void {
    let wide = 0
    for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= 0x3000) wide++
    this.addLength(text.length, wide)
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
  }
}
