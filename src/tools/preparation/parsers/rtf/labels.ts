import type { Label } from '../office/numbers.ts'
import type { Capture, ParagraphState } from './state.ts'

/** What a program has written before an item; `undefined` where that is nothing. */
export function toLabel(text: string, { hasSign }: Pick<Capture, 'hasSign'>): Label | undefined {
  if (text === '' && !hasSign) return undefined
  return { text, isBullet: hasSign || !/[\p{L}\p{N}]/u.test(text) || text === 'o' }
}

/** The label that the words before a tab are, where a program writes labels as words. */
export function findLabel(text: string, { isHanging }: Pick<ParagraphState, 'isHanging'>): Label | undefined {
  const isBullet = /^[•●○◦▪■·‣]$/.test(text)
  const isNumber = isHanging && /^(?:\d{1,3}|[a-zA-Z])[.)]$/.test(text)
  return isBullet || isNumber ? { text, isBullet } : undefined
}
