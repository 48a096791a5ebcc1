import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../../core/random.ts'
import { createDuplicateIndex } from './index.ts'

const chinese =
  '员工入职满一年后，每年享有十五天带薪年假，应在当年使用完毕。未使用的年假可以结转到次年三月底，逾期作废。' +
  '病假需提供医院证明，三天以内由直属经理批准，超过三天由人力资源部批准。差旅住宿标准为每晚八百元，超出部分由个人承担。'
const english =
  'Full-time staff have twenty-five days of paid leave a year, to be taken in the year itself. What is left over may be ' +
  'carried into March of the next year and is lost after that. Sick leave needs a certificate; three days or fewer are ' +
  'approved by the line manager. Hotels may cost up to two hundred euro a night, breakfast included.'

/** Every tenth character, or so, of a text replaced by another one of it. */
function edit(text: string, share: number, seed: number): string {
  const random = createSeededRandom(seed)
  return Array.from(text, (character) =>
    random.next() < share ? text.charAt(Math.floor(random.next() * text.length)) : character,
  ).join('')
}

function pairsOf(first: string, second: string): readonly (readonly [string, number])[] {
  const index = createDuplicateIndex()
  index.add({ id: 'a', text: first })
  return index.add({ id: 'b', text: second }).map(({ kind, jaccard }) => [kind, jaccard] as const)
}

describe('two texts', () => {
  test('are exact, equal but for form, alike, or not alike', () => {
    expect(pairsOf(chinese, chinese)).toEqual([['exact', 1]])
    expect(pairsOf(chinese, chinese.replaceAll('，', ', '))).toEqual([['normal', 1]])
    expect(pairsOf('電腦與網路的關係', '电脑与网路的关系')).toEqual([['normal', 1]])
    expect(pairsOf(english.toUpperCase(), english)).toEqual([['normal', 1]])
    expect(pairsOf(english, edit(english, 0.03, 1))).toEqual([['near', expect.closeTo(0.75, 0)]])
    expect(pairsOf(chinese, english)).toEqual([])
  })

  test('with one character in twenty changed are found, in both languages', () => {
    for (let seed = 0; seed < 40; seed++) {
      expect(pairsOf(chinese.repeat(2), edit(chinese.repeat(2), 0.05, seed)), `${seed}`).toHaveLength(1)
      expect(pairsOf(english.repeat(2), edit(english.repeat(2), 0.04, seed)), `${seed}`).toHaveLength(1)
    }
  })

  test('without words are duplicates of nothing', () => {
    expect(pairsOf(' \n', '。。。')).toEqual([])
  })
})

describe('an index', () => {
  test('keeps every member, the longest first, then the newest', () => {
    const index = createDuplicateIndex()
    index.add({ id: 'old', text: english, updatedAtMs: 1 })
    index.add({ id: 'new', text: english, updatedAtMs: 2 })
    index.add({ id: 'long', text: `${english} And so on.`, updatedAtMs: 0 })
    index.add({ id: 'other', text: chinese })
    const [cluster, ...rest] = index.clusters()
    expect(rest).toEqual([])
    expect(cluster?.representative).toBe('long')
    expect(cluster?.members.map(({ id, kind }) => [id, kind])).toEqual([
      ['long', 'exact'],
      ['new', 'near'],
      ['old', 'near'],
    ])
  })

  test('parts a cluster when the one who held it together goes, and replaces a text of the same id', () => {
    const index = createDuplicateIndex({ jaccardMin: 0.5 })
    const [left, right] = [chinese + english.slice(0, 120), english + chinese.slice(0, 20)]
    index.add({ id: 'left', text: left })
    index.add({ id: 'right', text: right })
    index.add({ id: 'middle', text: left })
    expect(index.clusters().map(({ members }) => members.map(({ id }) => id).toSorted())).toEqual([['left', 'middle']])
    index.add({ id: 'middle', text: right })
    expect(index.clusters().map(({ members }) => members.map(({ id }) => id).toSorted())).toEqual([['middle', 'right']])
    index.remove('middle')
    index.remove('nobody')
    expect(index.clusters()).toEqual([])
  })

  test('comes to the same clusters in whatever order texts come and go', () => {
    const texts = [
      '一二三四五六七八九十',
      '一二三四五六七八九十。',
      '甲乙丙丁戊己庚辛壬癸',
      english,
      `${english}!`,
      chinese,
    ]
    const step = fc.tuple(fc.nat(texts.length - 1), fc.nat(7), fc.boolean())
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const index = createDuplicateIndex()
        const present = new Map<string, string>()
        for (const [text, id, isRemoved] of steps) {
          if (isRemoved) index.remove(`${id}`)
          else index.add({ id: `${id}`, text: texts[text] ?? '' })
          if (isRemoved) present.delete(`${id}`)
          else present.set(`${id}`, (texts[text] ?? '').replace(/[。!]/u, ''))
        }
        const expected = [...Map.groupBy(present.keys(), (id) => present.get(id)).values()]
          .filter((group) => group.length > 1)
          .map((group) => group.toSorted().join())
        const found = index.clusters().map(({ members }) =>
          members
            .map(({ id }) => id)
            .toSorted()
            .join(),
        )
        expect(found.toSorted()).toEqual(expected.toSorted())
      }),
      { numRuns: 60 },
    )
  })
})
