import fc from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../core/random.ts'
import { createTickingClock } from '../../core/testing.ts'
import { createFakeClock } from '../../core/time.ts'
import { createPersonalDataScanner } from './index.ts'
import { carry, chineseMakers, restyle } from './testing.ts'

const clock = createFakeClock(Date.parse('2026-11-25T00:00:00Z'))
const scanner = createPersonalDataScanner({ clock })

/** What is found, as `type:text`. */
function find(text: string): readonly string[] {
  return scanner.scan(text).map(({ type, start, end }) => `${type}:${text.slice(start, end)}`)
}

describe('Chinese identifiers', () => {
  test.each(chineseMakers.map((maker) => [maker.type, maker] as const))(
    'every valid %s is found at its exact place, however it is written, and none whose check fails',
    (type, maker) => {
      const random = createSeededRandom(11)
      for (let round = 0; round < 300; round++) {
        const value = restyle(type, maker.make(random), random)
        const { text, start } = carry(value, random)
        const found = scanner.scan(text).map((datum) => [datum.type, datum.start, datum.end])
        expect(found, text).toEqual([[type, start, start + value.length]])
        if (maker.spoil === undefined) continue
        const spoilt = carry(restyle(type, maker.spoil(maker.make(random), random), random), random)
        expect(find(spoilt.text), spoilt.text).toEqual([])
      }
    },
  )

  test('of a column are known by its head, however far above it stands', () => {
    const ids = Array.from({ length: 12 }, (_, row) => `1101054912310${10 + row}`)
    const rows = ids.map((id, row) => `${row},王芳,${id},"上海，浦东"`)
    expect(find(`序号,姓名,身份证号,住址\n${rows.join('\n')}`)).toEqual(ids.map((id) => `cn-resident-id:${id}`))
    expect(find(`序号,姓名,订单号,住址\n${rows.join('\n')}`)).toEqual([])
    const cards = Array.from({ length: 12 }, () => '| Ann | 122000000000003 |').join('\n')
    expect(find(`| name | card_number |\n|---|---|\n${cards}`)).toHaveLength(12)
    const versions = Array.from({ length: 12 }, (_, row) => `library-${row};10.20.30.${40 + row}`).join('\n')
    expect(find(`package;version\n${versions}`)).toEqual([])
  })

  test('a resident number needs a region that is there and a day that was', () => {
    expect(find('身份证11010519491231002X')).toEqual(['cn-resident-id:11010519491231002X'])
    // Both with the right check character.
    expect(find('身份证991105194912310027')).toEqual([])
    expect(find('证件号110105194902300028，核对')).toEqual([])
    expect(find('证件号110105209912310029，核对')).toEqual([])
  })

  test('numbers stand apart in text without spaces', () => {
    expect(find('身份证11010519491231002X手机13800138000邮箱li.na@example.com.cn住在上海')).toEqual([
      'cn-resident-id:11010519491231002X',
      'cn-mobile:13800138000',
      'email:li.na@example.com.cn',
    ])
  })

  test('an old number of fifteen digits is found only where the words say what it is', () => {
    expect(find('身份证号码：110105491231002')).toEqual(['cn-resident-id:110105491231002'])
    expect(find('订单号：110105491231002')).toEqual([])
  })

  test.each([
    ['信用代码 91 110000 600037341 L', 'cn-uscc:91 110000 600037341 L'],
    ['信用代码：9111 0000 6000 3734 1L', 'cn-uscc:9111 0000 6000 3734 1L'],
    ['身份证 110 105 1949 1231 002X', 'cn-resident-id:110 105 1949 1231 002X'],
    ['香港身份證A123456[3]', 'hk-id:A123456[3]'],
    ['手机：138.0013.8000', 'cn-mobile:138.0013.8000'],
    ['王芳，1380 0138 000，上海', 'cn-mobile:1380 0138 000'],
    ['手机013800138000', 'cn-mobile:013800138000'],
    ['护照号码：EA 1234567', 'cn-passport:EA 1234567'],
    ['护照号码：141234567', 'cn-passport:141234567'],
    ['车牌：粤B.D12345', 'cn-license-plate:粤B.D12345'],
    ['往来港澳通行证：C12345678', 'cn-travel-permit:C12345678'],
    ['<tel>王芳 0571-49877658-9503</tel>', 'phone:0571-49877658-9503'],
    ['王芳，86-21-64106647，上海', 'phone:86-21-64106647'],
  ])('%s, as people write it', (text, expected) => {
    expect(find(text)).toEqual([expected])
  })

  test.each([
    '订单号E22458814已发货',
    '适合20-35岁、40岁以上和3至6岁的人，30岁之间',
    '手机售价在500-600美元之间',
    '名称\t数值\n样品\t0146 3621 6682 2294 1863 1566 2395 8093',
    '信用代码：9111 0000 6000 3734 1M',
  ])('nothing in: %s', (text) => {
    expect(find(text)).toEqual([])
  })

  test('a place and the number of a room are no licence plate', () => {
    expect(find('住在北京A12345房间')).toEqual([])
    expect(find('车牌：京A12345、粤B·D12345、沪A1234学')).toEqual([
      'cn-license-plate:京A12345',
      'cn-license-plate:粤B·D12345',
      'cn-license-plate:沪A1234学',
    ])
  })
})

describe('identifiers of the world', () => {
  test.each([
    ['mail to Zhang.San+news@mail.example.co.uk.', 'email:Zhang.San+news@mail.example.co.uk'],
    ['ｚｈａｎｇ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'email:ｚｈａｎｇ＠ｅｘａｍｐｌｅ．ｃｏｍ'],
    ['IBAN DE89 3704 0044 0532 0130 00 please', 'iban:DE89 3704 0044 0532 0130 00'],
    ['pay to gb82west12345698765432 today', 'iban:gb82west12345698765432'],
    ['card 4111 1111 1111 1111 exp 12/27', 'card:4111 1111 1111 1111'],
    ['Amex 3782-822463-10005', 'card:3782-822463-10005'],
    ['SSN: 494-33-0748', 'us-ssn:494-33-0748'],
    ['from 203.0.113.7 today', 'ip:203.0.113.7'],
    ['from 2001:db8::ff00:42:8329 today', 'ip:2001:db8::ff00:42:8329'],
    ['at fe:dc:ba:98:76:54 on the LAN', 'mac:fe:dc:ba:98:76:54'],
    ['mac:38:f9:d3:4b:f5:51', 'mac:38:f9:d3:4b:f5:51'],
    ['EUI-64 01:02:03:04:05:06:07:ab', 'mac:01:02:03:04:05:06:07:ab'],
    ['port aabb.ccdd.ee0f is up', 'mac:aabb.ccdd.ee0f'],
    ['ip:2001:db8::1', 'ip:2001:db8::1'],
    ['konto NO 2342009668904', 'iban:NO 2342009668904'],
    ['call 1-800-829-4933', 'phone:1-800-829-4933'],
    ['4012-8888-8888-1881 4012 8888 8888 1881 12 27', 'card:4012-8888-8888-1881 card:4012 8888 8888 1881'],
    ['call +44 20 7946 0958 now', 'phone:+44 20 7946 0958'],
    ['Fax: 345-899-3560x4587', 'phone:345-899-3560x4587'],
    ['总机（010）8888-6666转801', 'phone:（010）8888-6666转801'],
    ['see https://example.com/a_(b)?c=d.', 'url:https://example.com/a_(b)?c=d'],
    ['见https://example.com/a，还有', 'url:https://example.com/a'],
    ['ask example.de about it', 'domain:example.de'],
    ["My driver's license number is U62928788557186", 'us-driver-license:U62928788557186'],
    ['Born on 2/8/1935 in Oslo', 'date-of-birth:2/8/1935'],
    ['出生日期：1990年3月7日', 'date-of-birth:1990年3月7日'],
    ['a 42 year old man', 'age:42'],
    ['今年三十多，其弟36岁', 'age:36'],
  ])('%s', (text, expected) => {
    expect(find(text).join(' ')).toBe(expected)
  })

  test.each([
    'IBAN DE89 3704 0044 0532 0130 01',
    'card 4111 1111 1111 1112 or 4111111111111112',
    'SSN 000-12-3456, 666-12-3456, 123-00-4567, 123-45-0000',
    'version 1.2.3.4, Chrome/86.0.4240.111, 300.1.2.3, 127.0.0.1',
    'std::vector a::b 12:30:45 dead::beef',
    'main.py lib.rs README.md node.js e.g. i.e. finished.It was',
    'On 2024-05-06 10:00, order 20240506123456789, ISBN 978-7-111-40772-0, pi 3.14159265',
    '2019 2020 2021 2022; 7,654,321; 12.345.678,90; 100 200 300 400 500',
    'someone@ example, a@b, @handle, 3 @ 4.50',
    '订单号2024112512345678901，QQ:12345678，合同编号HT-2024-000123',
    'EAN 4006012508266, id 4716989580001715211, 62834719283645173',
    'ids 00130694 0010213576 001738032 and + 946684800000 and 5672 + 9263 - 2534',
    'BE 0202.239.951, section 19.2.3.1, pandas (>=1.1.0.115), libmagick 8:6.9.11.60+dfsg-1.6',
    'conftest.py,line=34,col=58::34:58',
    'toolCall.function.name, event.session.id, from stdnum.be import vat, com.example.app.DB2Driver, cn.hutool.core.net',
  ])('nothing in: %s', (text) => {
    expect(find(text)).toEqual([])
  })

  test('words around a number make it sure, and say so', () => {
    const [alone] = scanner.scan('4111111111111111')
    const [named] = scanner.scan('credit card 4111111111111111')
    expect(alone).toMatchObject({ type: 'card', confidence: 0.9, why: ['form', 'issuer', 'checksum'] })
    expect(named).toMatchObject({ type: 'card', confidence: 0.99, why: ['form', 'issuer', 'checksum', 'context'] })
  })
})

describe('a scan', () => {
  test('can be asked for some types and for sure ones only, and refuses types that there are not', () => {
    const text = 'li@example.com 4111111111111111 example.de'
    expect(scanner.scan(text, { types: ['email'] }).map(({ type }) => type)).toEqual(['email'])
    expect(scanner.scan(text, { confidenceMin: 0.9 }).map(({ type }) => type)).toEqual(['email', 'card'])
    expect(() => scanner.scan(text, { types: ['nome'] })).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  test('tells the line of each finding', () => {
    const found = scanner.scan('\na@example.com\n\nb@example.com c@example.com')
    expect(found.map(({ line }) => line)).toEqual([2, 4, 4])
  })

  test('of any text gives spans in order that do not overlap, and adds up over texts set one below the other', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'a@example.com',
        '13800138000',
        '京A12345',
        '４１１１',
        '+',
        '(',
        '：',
        '身份证',
        ' ',
        '-',
        '.',
        '@',
        '::',
        '\n',
      ),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.string({ unit: fc.constantFrom('0', '1', '9', 'X', 'A', ' ', '-', '.', ':'), maxLength: 40 }),
    )
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
    const gap = '\n'.repeat(120)
    fc.assert(
      fc.property(text, text, (first, second) => {
        const found = scanner.scan(first + gap + second)
        let end = 0
        for (const datum of found) {
          expect(datum.start).toBeGreaterThanOrEqual(end)
          expect(datum.end).toBeGreaterThan(datum.start)
          expect(datum.confidence).toBeGreaterThanOrEqual(0.5)
          end = datum.end
        }
        const places = (list: typeof found, by: number): unknown => list.map((each) => [each.type, each.start + by])
        const apart = [scanner.scan(first), scanner.scan(second)]
        expect(places(found, 0)).toEqual([
          ...(places(apart[0] ?? [], 0) as unknown[]),
          ...(places(apart[1] ?? [], first.length + gap.length) as unknown[]),
        ])
      }),
      { numRuns: 150 },
    )
  })

  test('in turns finds the same, refuses the same, and others have their turns where there is nothing to find too', async () => {
    const ticking = createPersonalDataScanner({ clock: createTickingClock() })
    const random = createSeededRandom(5)
    const found = chineseMakers.map((maker) => carry(maker.make(random), random).text).join('\n')
    expect(await ticking.scanInTurns(found, { confidenceMin: 0 })).toEqual(ticking.scan(found, { confidenceMin: 0 }))
    const refused = { code: 'INVALID_REQUEST' }
    await expect(ticking.scanInTurns('', { types: ['nome'] })).rejects.toMatchObject(refused)
    for (const unit of ['1 ', '1.1.', '4111 ', 'a@', 'AB12 ', '13800138000,', 'passport ']) {
      let turns = 0
      let isOver = false
      const work = ticking.scanInTurns(unit.repeat(2_000)).finally(() => (isOver = true))
      for (; !isOver; turns++) await setImmediate()
      expect(turns, unit).toBeGreaterThan(10)
      expect(await work, unit).toEqual(ticking.scan(unit.repeat(2_000)))
    }
  })

  test('takes a time that grows with the length and not faster, whatever is in the text', () => {
    const hostile = [
      '1 ',
      '1-',
      'a@',
      'a.',
      '::',
      '(1',
      '+1',
      'A1',
      '1.',
      'www.',
      'E1',
      '京A',
      'a-',
      '1岁',
      'born ',
      '年1',
    ].map((unit) => unit.repeat(20_000))
    for (const text of hostile) scanner.scan(text)
    expect(find(`${hostile[0] ?? ''}\na@example.com`).at(-1)).toBe('email:a@example.com')
  })
})
