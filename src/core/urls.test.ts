import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskUrls, splitUrl } from './urls.ts'

test.each([
  ['https://a.eu/hook?token=abc&x=', 'https://a.eu/hook?token=***&x='],
  ['https://a.eu/hook?abc', 'https://a.eu/hook?***'],
  ['https://a.eu/hook?a=b=c?d', 'https://a.eu/hook?a=***?***'],
  ['https://a.eu/hook#access=abc', 'https://a.eu/hook#access=***'],
  ['https://a.eu/hook?token=${TOKEN}&v=1${V}', 'https://a.eu/hook?token=${TOKEN}&v=***'],
  ['postgres://u:p@ss@db/strata?sslmode=x', 'postgres://***@db/strata?sslmode=***'],
  ['https://u@a.eu/x@y', 'https://***@a.eu/x@y'],
  ['asked "https://a.eu/?k=abc" and <http://b.eu/?k=abc>', 'asked "https://a.eu/?k=***" and <http://b.eu/?k=***>'],
  ['https://a.eu/?k=a b"c', 'https://a.eu/?k=***'],
  ['it is https://a.eu/v1, is it?', 'it is https://a.eu/v1, is it?'],
])('%s is shown as %s', (text, shown) => {
  expect(maskUrls(text)).toBe(shown)
})

test('what is masked says nothing of user, password or values, whatever they are, and stays as it is', () => {
  const secret = fc.stringMatching(/^[0-9][!$'()*+,.0-9~:=-]{5,40}$/).map((text) => encodeURIComponent(text))
  fc.assert(
    fc.property(secret, secret, (one, two) => {
      const shown = maskUrls(`see https://${one}:${two}@a.eu/path?token=${one}&${two}#${one}`, '[secret]')
      expect(shown).toBe('see https://[secret]@a.eu/path?token=[secret]&[secret]#[secret]')
      expect(maskUrls(shown, '[secret]')).toBe(shown)
    }),
  )
})

test('an address is split into where it is and what is asked for', () => {
  expect(splitUrl('https://u:p@a.eu:8443/hook/?token=abc#x')).toEqual({
    origin: 'https://a.eu:8443',
    path: '/hook/?token=abc',
  })
})
