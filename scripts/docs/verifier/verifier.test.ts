import { createHash, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { makeExport } from '../../../src/governance/audit/testing.ts'
import { verifyExport, type AuditReport } from '../../../src/governance/index.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/reference/audit-verifier.html'), 'utf8')
const [verifier = '', screen = ''] = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
  ([, script = '']) => script,
)

interface Strata {
  verifyExport(lines: AsyncIterable<string>, options: { verifierKey: string; known: string[] }): Promise<AuditReport>
}

/** The page's script where there is nothing but what browsers have. */
function open(): Strata {
  const context = createContext({ TextEncoder, TextDecoder })
  runInContext(verifier, context)
  return (context as unknown as { readonly strata: Strata }).strata
}

const { privateKey } = generateKeyPairSync('ed25519')
const startMs = 1_790_000_000_000
const made = [
  ...makeExport({ records: 40, tenants: 3, key: privateKey, origin: 'page', startMs, detail: {}, materials: [] }),
]
/** The head of a file names the key; an auditor has it by another way. */
const options = { verifierKey: made[0]?.split('\t')[2] ?? '', known: [] }

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

describe('the page that verifies audit exports', () => {
  test('proves a file with web standards alone, and reports what the command reports', async () => {
    const report = await open().verifyExport(each(made), options)
    expect(report).toMatchObject({ isProven: true, records: 40, tenants: 3, findings: [] })
    for (const said of [...report.proven, ...report.notProven]) expect(screen).toContain(`'${said}': '`) // in Chinese
    expect(JSON.parse(JSON.stringify(report))).toEqual(
      JSON.parse(JSON.stringify(await verifyExport(each(made), { ...options }))),
    )
  })

  test.each<readonly [string, (lines: string[]) => string[], string]>([
    [
      'a changed byte',
      (lines) => lines.map((line, at) => (at === 9 ? line.replace('eu-large', 'eu-lbrge') : line)),
      'changed',
    ],
    ['a record that is gone', (lines) => lines.toSpliced(7, 1), 'order'],
    [
      'two records exchanged',
      (lines) => [...lines.slice(0, 5), lines[6] ?? '', lines[5] ?? '', ...lines.slice(7)],
      'order',
    ],
    ['an end that is gone', (lines) => lines.slice(0, -1), 'truncated'],
    [
      'a signature of another key',
      // In the middle: of the last letter of a signature two bits say nothing.
      (lines) =>
        lines.map((line) =>
          line.replace(/(checkpoint.*\u2014 \S+ [\w+/]{20})(.)/, (_, before: string, letter: string) =>
            letter === 'A' ? `${before}B` : `${before}A`,
          ),
        ),
      'unsigned',
    ],
  ])('finds %s, as the command does', async (_, change, type) => {
    const report = await open().verifyExport(each(change([...made])), options)
    expect(report.isProven).toBe(false)
    expect(report.findings.map((finding) => finding.type)).toContain(type)
    expect(JSON.parse(JSON.stringify(report))).toEqual(
      JSON.parse(JSON.stringify(await verifyExport(each(change([...made])), { ...options }))),
    )
  })

  test('may run its own two scripts, and reach nothing', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? ''
    expect(policy).toContain("default-src 'none'")
    for (const script of [verifier, screen]) {
      expect(policy).toContain(createHash('sha256').update(script).digest('base64'))
    }
    expect(page.match(/<script/g)).toHaveLength(2)
    expect(page).not.toMatch(/(?:src|href)="/)
  })

  test('says everything in both languages', () => {
    const context = createContext({})
    const [, told = ''] = /const words = (\{[\s\S]*?\n\})/.exec(screen) ?? []
    const words = runInContext(`(${told})`, context) as Record<'en' | 'zh', Record<string, unknown>>
    const names = (language: 'en' | 'zh'): readonly string[] => [
      ...Object.keys(words[language]),
      ...Object.keys(words[language]['figures'] as object),
    ]
    expect(names('zh')).toEqual(names('en'))
    for (const [, name = ''] of page.matchAll(/data-text="(\w+)"/g)) expect(words.en).toHaveProperty(name)
  })
})
