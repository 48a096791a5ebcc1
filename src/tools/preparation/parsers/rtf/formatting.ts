import { plainParagraph, toMarks, type ParagraphState, type State } from './state.ts'

/** Takes what a word says of the looks of the words and paragraphs that follow it. */
export function changeState(state: State, word: string, parameter: number | undefined): void {
  const isOn = parameter !== 0
  switch (word) {
    case 'plain':
      Object.assign(state, {
        isBold: false,
        isItalic: false,
        isStruck: false,
        isRaised: false,
        isHidden: false,
        font: -1,
      })
      break
    case 'b':
      state.isBold = isOn
      break
    case 'i':
      state.isItalic = isOn
      break
    case 'strike':
    case 'striked':
      state.isStruck = isOn
      break
    case 'super':
      state.isRaised = isOn
      return
    case 'sub':
    case 'nosupersub':
      state.isRaised = false
      return
    case 'v':
      state.isHidden = isOn
      return
    case 'deleted':
      state.isDeleted = isOn
      return
    case 'f':
      state.font = parameter ?? -1
      return
    case 'uc':
      state.fallback = Math.min(100, Math.max(0, parameter ?? 1))
      return
    default:
      state.paragraph = changeParagraph(state.paragraph, word, parameter)
      return
  }
  state.marks = toMarks(state)
}

function changeParagraph(paragraph: ParagraphState, word: string, parameter = 0): ParagraphState {
  switch (word) {
    case 'pard':
      return plainParagraph
    case 's':
      return { ...paragraph, style: parameter }
    case 'outlinelevel':
      return { ...paragraph, outline: parameter >= 0 && parameter < 9 ? parameter + 1 : undefined }
    case 'intbl':
      return { ...paragraph, isInTable: true }
    case 'itap':
      return { ...paragraph, isInTable: parameter > 0 }
    case 'ilvl':
      return { ...paragraph, level: Math.min(8, Math.max(0, parameter)) }
    case 'fi':
      return { ...paragraph, isHanging: parameter < 0 }
    default:
      return paragraph
  }
}
