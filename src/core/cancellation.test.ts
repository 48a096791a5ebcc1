import { describe, expect, test } from 'vitest'
import { createCancellation } from './cancellation.ts'

describe('a cancellation', () => {
  test('tells each listener once, with the first reason', () => {
    const source = createCancellation()
    const heard: unknown[] = []
    source.onCancel((reason) => heard.push(reason))
    source.cancel('first')
    source.cancel('second')
    expect(heard).toEqual(['first'])
    expect(source.isCancelled).toBe(true)
    expect(source.reason).toBe('first')
  })

  test('tells a late listener at once, and one that stopped listening never', () => {
    const source = createCancellation()
    const heard: string[] = []
    source.onCancel(() => heard.push('stopped'))()
    source.cancel(undefined)
    source.onCancel(() => heard.push('late'))
    expect(heard).toEqual(['late'])
  })

  test('reaches children, and never parents', () => {
    const parent = createCancellation()
    const child = createCancellation(parent)
    const other = createCancellation(parent)
    child.cancel('child')
    expect([parent.isCancelled, other.isCancelled]).toEqual([false, false])
    parent.cancel('parent')
    expect([child.reason, other.reason]).toEqual(['child', 'parent'])
    expect(createCancellation(parent).reason).toBe('parent')
  })

  test('is an abort signal for libraries, whenever they ask for it', () => {
    const source = createCancellation()
    const early = source.signal
    expect(early.aborted).toBe(false)
    source.cancel('reason')
    expect(early.reason).toBe('reason')
    const late = createCancellation()
    late.cancel('reason')
    expect([late.signal.aborted, late.signal.reason]).toEqual([true, 'reason'])
  })
  test('throws its reason for whoever asks by throwing', () => {
    const source = createCancellation()
    source.throwIfCancelled()
    source.cancel('reason')
    expect(() => source.throwIfCancelled()).toThrow('reason')
  })
})
