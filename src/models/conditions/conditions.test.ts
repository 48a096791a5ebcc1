import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { languages } from '../../config/index.ts'
import { tables } from '../../core/language-tables.ts'
import { findLanguage, toPrimary } from '../../core/language.ts'
import { decide, findUnreachable, type Condition, type Signal, type SignalValue } from './index.ts'
import { findTask } from './task.ts'

const names = ['language', 'task', 'tools'] as const
const values: Readonly<Record<(typeof names)[number], readonly SignalValue[]>> = {
  language: ['zh', 'en', 'de', undefined],
  task: ['code', 'math', 'question', undefined],
  tools: [true, false],
}
const signal = (name: (typeof names)[number]): Signal => ({ key: name, type: 'plain', name })
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc
      .subarray(['zh', 'en'], { minLength: 1 })
      .map((is): Condition => ({ type: 'is', signal: signal('language'), values: is })),
    fc
      .subarray(['code', 'math'], { minLength: 1 })
      .map((is): Condition => ({ type: 'is', signal: signal('task'), values: is })),
    fc.boolean().map((value): Condition => ({ type: 'flag', signal: signal('tools'), value })),
    fc
      .constantFrom('language' as const, 'task' as const)
      .map((name): Condition => ({ type: 'unknown', signal: signal(name) })),
    tie('condition').map((part): Condition => ({ type: 'not', part })),
    fc
      .tuple(
        fc.constantFrom('all' as const, 'any' as const),
        fc.array(tie('condition'), { minLength: 1, maxLength: 3 }),
      )
      .map(([type, parts]): Condition => ({ type, parts })),
  ),
}))
const world = fc.record({
  language: fc.constantFrom(...values.language),
  task: fc.constantFrom(...values.task),
  tools: fc.constantFrom(...values.tools),
})
type World = Readonly<Record<string, SignalValue>>
const readerOf = (of: World) => (asked: Signal) => of[asked.key]

/** All that an unknown signal may yet turn out to be. */
function completions(of: World): readonly World[] {
  return names.reduce<readonly World[]>(
    (worlds, name) =>
      worlds.flatMap((one) =>
        one[name] === undefined
          ? values[name].filter((value) => value !== undefined).map((value) => ({ ...one, [name]: value }))
          : [one],
      ),
    [of],
  )
}

/** Without `unknown`, which asks about the knowing itself. */
function isPlain(one: Condition): boolean {
  if ('parts' in one) return one.parts.every(isPlain)
  return 'part' in one ? isPlain(one.part) : one.type !== 'unknown'
}

describe('a condition', () => {
  test('is true or false only when it is so whatever the unknown turns out to be', () => {
    fc.assert(
      fc.property(condition.filter(isPlain), world, (one, of) => {
        const truth = decide(one, readerOf(of))
        if (truth === undefined) return
        for (const completed of completions(of)) expect(decide(one, readerOf(completed))).toBe(truth)
      }),
    )
  })

  test('that is unknown stays unknown under not', () => {
    const one: Condition = { type: 'is', signal: signal('language'), values: ['zh'] }
    expect(decide({ type: 'not', part: one }, () => undefined)).toBeUndefined()
    expect(
      decide({ type: 'any', parts: [one, { type: 'flag', signal: signal('tools'), value: true }] }, (asked) =>
        asked.key === 'tools' ? true : undefined,
      ),
    ).toBe(true)
  })
})

describe('rules that are never taken', () => {
  test('are found, and none that some request would take', () => {
    const worlds = values.language.flatMap((language) =>
      values.task.flatMap((task) => values.tools.map((tools): World => ({ language, task, tools }))),
    )
    fc.assert(
      fc.property(fc.array(condition, { minLength: 1, maxLength: 4 }), (rules) => {
        const taken = new Set(worlds.map((of) => rules.findIndex((rule) => decide(rule, readerOf(of)) === true)))
        const found = new Set(findUnreachable(rules).map(({ rule }) => rule))
        for (const index of rules.keys()) expect(found.has(index)).toBe(!taken.has(index))
      }),
      { numRuns: 300 },
    )
  })
})

describe('language', () => {
  test('every language that can be found can be asked for', () => {
    const found = Object.values(tables).flatMap((table) => table.languages)
    expect(found.length).toBeGreaterThan(40)
    for (const language of found) expect([...languages, 'und']).toContain(language)
    for (let code = 0; code < 0xd800; code++) {
      const language = toPrimary(findLanguage(String.fromCharCode(code).repeat(3)))
      if (language !== undefined) expect(languages).toContain(language)
    }
  })
})

describe('task', () => {
  test.each([
    ['Write a Python function that parses CSV', 'code'],
    ['这段代码为什么报错', 'code'],
    ['Calculate 15 % of 240', 'math'],
    ['小明有12个苹果,吃了3个,还剩多少?', 'math'],
    ['把下面这段话翻译成英文', 'translation'],
    ['Summarize the following article', 'summary'],
    ['从合同中提取所有日期', 'extraction'],
    ['Classify the sentiment of this review', 'classification'],
    ['写一首关于秋天的诗', 'writing'],
    ['Who was the first emperor?', 'question'],
    ['hello', undefined],
  ])('%s is %s', (text, task) => {
    expect(findTask(text)).toBe(task)
  })
})
