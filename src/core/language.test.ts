import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findLanguage } from './language.ts'

describe('language', () => {
  test.each([
    ['笔记本电脑丢了怎么办', 'zh-Hans'],
    ['附近有什么好吃的餐馆', 'zh-Hans'],
    ['這份合約什麼時候到期?', 'zh-Hant'],
    ['请把 React 组件改成 TypeScript', 'zh-Hans'],
    ['会議は何時に始まりますか', 'ja'],
    ['駅から徒歩', 'ja'],
    ['東京駅構内図', 'ja'],
    ['회의는 몇 시에 시작합니까', 'ko'],
    ['Когда начинается встреча?', 'ru'],
    ['Коли починається зустріч?', 'uk'],
    ['متى يبدأ الاجتماع؟', 'ar'],
    ['جلسه کی شروع می‌شود؟', 'fa'],
    ['बैठक कब शुरू होगी?', 'hi'],
    ['การประชุมเริ่มกี่โมง', 'th'],
    ['Πότε αρχίζει η συνάντηση;', 'el'],
    ['מתי מתחילה הפגישה?', 'he'],
    ['What is the notice period in this contract?', 'en'],
    ['show me yesterday’s sales', 'en'],
    ['Wie lange ist die Kündigungsfrist in diesem Vertrag?', 'de'],
    ['Urlaub beantragen, wie geht das?', 'de'],
    ['Quelle est la durée du préavis dans ce contrat ?', 'fr'],
    ['Résume ce document', 'fr'],
    ['¿Cuál es el plazo de preaviso en este contrato?', 'es'],
    ['Come posso chiedere le ferie?', 'it'],
    ['Quando começa a reunião?', 'pt'],
    ['Hoe vraag ik verlof aan?', 'nl'],
    ['Jak złożyć wniosek o urlop?', 'pl'],
    ['Toplantı ne zaman başlıyor?', 'tr'],
    ['Khi nào cuộc họp bắt đầu?', 'vi'],
  ])('%s is %s', (text, language) => {
    expect(findLanguage(text)).toBe(language)
  })

  test.each([
    '',
    '12 + 30 = ?',
    'AB-1234 x86_64',
    '```js\nconst total = items.reduce((sum, item) => sum + item.price, 0)\n```',
    'readFileSync utf8_decode',
    'https://example.com/the/way/to/the/house',
    'pzqk xv',
  ])('%s shows none', (text) => {
    expect(findLanguage(text)).toBeUndefined()
  })

  test('code, tags and addresses do not speak for the text around them', () => {
    expect(findLanguage('Warum ist das falsch?\n```python\nfor the_one in that: print(this, is_not, what)\n```')).toBe(
      'de',
    )
    expect(findLanguage('为什么报错\n```js\nthrow new Error("the file is not in the list of these files")\n```')).toBe(
      'zh-Hans',
    )
    expect(findLanguage('<p class="the main and only part">Où est la gare ?</p>')).toBe('fr')
  })

  test('the language that most of a text is in counts, and a name in another does not', () => {
    expect(findLanguage('What does 加油 mean, and when do people say it?')).toBe('en')
    expect(findLanguage('这款 の 字招牌的零食在哪里可以买到')).toBe('zh-Hans')
    expect(findLanguage('Когда выйдет новый iPhone?')).toBe('ru')
  })

  test('any text has a language or none, the same each time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const language = findLanguage(text)
        if (language !== undefined) expect(language).toMatch(/^[a-z]{2}(-Han[st])?$/)
        expect(findLanguage(text)).toBe(language)
      }),
    )
  })
})
