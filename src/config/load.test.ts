import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PlatformError } from '../core/errors.ts'
import { isSecretPath } from './canonical.ts'
import type { KeyPath, KeySchema } from './json-schema.ts'
import { configJsonSchema, configSchema, hasConfigFile, loadConfig, type LoadedConfig } from './index.ts'

const environment = { EU_KEY: 'sk-very-secret-value', PORT: '8081', NESTED: '${EU_KEY}', EMPTY: '' }

function load(text: string): LoadedConfig {
  return loadConfig({ folder: '/srv', environment, readFile: () => text })
}

function refuse(text: string): PlatformError {
  try {
    load(text)
  } catch (thrown) {
    if (thrown instanceof PlatformError) return thrown
    throw thrown
  }
  throw new Error('the configuration was not refused')
}

describe('a valid file', () => {
  test('is the defaults where it says nothing, and knows where it lies', () => {
    const loaded = load('{}')
    expect(loaded.config).toEqual(configSchema.parse({}))
    expect(loaded).toMatchObject({ path: '/srv/strata.yaml', folder: '/srv', notices: [] })
  })

  test('leaves open what an endpoint does not say of its timeouts, so that egress decides', () => {
    const { config } = load('endpoints: { a: { dialect: openai, model: m, timeouts: { connectMs: 1 } } }')
    expect(config.endpoints['a']?.timeouts).toEqual({ connectMs: 1 })
    expect(config.egress.timeouts.totalMs).toBe(600_000)
  })

  test.each([
    [
      'the secret of single sign-on',
      'governance: { signOn: { issuer: "https://a.eu", clientId: c, clientSecret: SECRET, redirectUrl: "https://b.eu/x", processing: [de], storage: [de], roles: [{ role: member }] } }',
    ],
    [
      'a token in the address of a webhook',
      'investment: { webhook: { url: "https://a.eu/hook?token=SECRET", processing: [de] } }',
    ],
    ['headers of a webhook', 'investment: { webhook: { url: "https://a.eu", headers: { authorization: SECRET } } }'],
    [
      'headers of a meter',
      'investment: { meterSinks: { m: { kind: stripe, url: "https://a.eu", headers: { authorization: SECRET }, processing: [de], storage: [de] } } }',
    ],
    [
      'headers of a collector',
      'telemetry: { traces: { url: "https://a.eu", headers: { authorization: SECRET }, processing: [de], storage: [de] } }',
    ],
    ['the secret of fingerprints', 'governance: { marks: { key: SECRET-that-has-as-many-characters-as-it-must } }'],
    [
      'the key at the centre',
      'edge: { centre: { url: "https://a.eu", key: SECRET, node: shop, processing: [de], storage: [de] } }',
    ],
    [
      'the token of a repository',
      'sources: { s: { into: docs, git: { url: "https://a.eu/x.git", token: SECRET, processing: [de], storage: [de] } } }',
    ],
  ])('is kept without %s', (_, text) => {
    const { text: kept } = load(text.replace('SECRET', 'written-in-plain'))
    expect(kept).not.toContain('written-in-plain')
    expect(kept).toContain('***')
  })

  test('is refused with the password of a mailbox in it, and kept with the reference to one', () => {
    const text = (password: string) =>
      `sources: { m: { into: mail, imap: { url: "imaps://a.eu", user: u, password: ${password}, processing: [de], storage: [de] } } }`
    expect(() => load(text('hunter2'))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('hunter2') }),
    )
    const { config, text: kept } = load(text('"${EU_KEY}"'))
    expect(config.sources['m']?.imap?.password).toBe('sk-very-secret-value')
    expect(kept).toContain('${EU_KEY}')
  })

  test.each([
    [
      'investment.webhook.url',
      'investment: { webhook: { url: "https://u:hunter2@a.eu/hook" } }',
      'without user and password',
    ],
    [
      'sources.s.web.url',
      'sources: { s: { into: d, web: { url: "https://hunter2@a.eu", processing: [de], storage: [de] } } }',
      'without user',
    ],
    [
      'endpoints.a.url',
      'endpoints: { a: { dialect: google, model: m, url: "https://a.eu/v1?key=hunter2" } }',
      'without a query',
    ],
  ])('is refused with what an address never carries on: %s', (path, text, says) => {
    expect(() => load(text)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(says) }),
    )
    expect(() => load(text)).toThrow(
      expect.objectContaining({ param: path, message: expect.not.stringContaining('hunter2') }),
    )
  })

  test('is frozen all the way down', () => {
    const { config } = load('endpoints: { a: { dialect: openai, model: m, processing: [local] } }')
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.endpoints['a']?.processing)).toBe(true)
  })

  test('may hold references inside braces, as the guide writes them', () => {
    const { config } = load('endpoints: { eu: { dialect: openai, model: m, key: ${EU_KEY}, processing: [eu] } }')
    expect(config.endpoints['eu']).toMatchObject({ key: 'sk-very-secret-value', processing: ['eu'] })
  })

  test('resolves a reference once: what the variable holds is not looked into', () => {
    expect(load('server: { host: "${NESTED}" }').config.server.host).toBe('${EU_KEY}')
  })

  test('reads a doubled dollar sign as a plain one', () => {
    expect(load('server: { host: "$${EU_KEY}" }').config.server.host).toBe('${EU_KEY}')
  })

  test('turns a reference into a number where a number is wanted, and only there', () => {
    const { config } = load('server: { port: ${PORT}, host: ${PORT} }')
    expect(config.server).toMatchObject({ port: 8081, host: '8081' })
  })
})

describe('the canonical text and its hash', () => {
  test('do not depend on the order of keys or on comments', () => {
    const one = load('server: { port: 1, host: a }\nstore: { folder: x }')
    const other = load('# hello\nstore:\n  folder: x\nserver:\n  host: a\n  port: 1\n')
    expect(other.hash).toBe(one.hash)
    expect(load('server: { port: 2, host: a }\nstore: { folder: x }').hash).not.toBe(one.hash)
  })

  test('never hold a secret, written out or referred to', () => {
    const { text } = load(`
store: { url: "postgres://strata:hunter2@db/strata" }
endpoints:
  eu: { dialect: openai, model: m, key: \${EU_KEY}, headers: { x-org: "plain-\${EU_KEY}" } }
  us: { dialect: openai, model: m, key: sk-written-out }
telemetry: { traces: { url: "https://t.example/v1/traces", headers: { token: abc123 }, processing: [eu], storage: [eu] } }
governance: { privacy: { key: "vault-secret-written-out" } }
`)
    for (const secret of ['vault-secret', 'hunter2', 'sk-very-secret-value', 'sk-written-out', 'abc123', 'plain-']) {
      expect(text).not.toContain(secret)
    }
    expect(text).toContain('${EU_KEY}')
  })

  test('mask whatever the schema calls a key, a token, a secret, a password or headers, unless it is none', () => {
    const named = listNamed(configJsonSchema(), []).filter((path) => path[0] !== 'models')
    const shown = named.filter((path) => !isSecretPath(path)).map((path) => path.join('.'))
    // Public keys of witnesses, ids of the keys of edge nodes.
    expect(shown.toSorted()).toEqual(['edge.nodes.name.key', 'governance.audit.witnesses.0.key'])
    expect(named.length - shown.length).toBeGreaterThan(10)
  })

  test('tell the operator when a key is written in the file itself', () => {
    const { notices } = load('endpoints: { us: { dialect: openai, model: m, key: sk-written-out } }')
    expect(notices).toEqual([expect.stringContaining('endpoints.us.key')])
    expect(notices.join()).not.toContain('sk-written-out')
  })
})

describe('a wrong file', () => {
  test.each([
    ['an unknown key', 'server:\n  prot: 1', 'server.prot, line 2:3: there is no such key. Did you mean "port"?'],
    [
      'a wrong type',
      'server:\n  port: abc',
      'server.port, line 2:9: this is a text. Write a whole number from 0 to 65535',
    ],
    ['a bound', 'server: { port: 99999 }', 'server.port, line 1:17: this is too large. Write a whole number'],
    [
      'a key that goes with others',
      'models: { a: { vote: { of: b }, guarantee: { maxQualityLoss: 0.1, confidence: 0.9 } } }',
      'models.a.guarantee, line 1:33: this key does not go with the others here. Remove it; it goes with "cascade" or "route".',
    ],
    [
      'a key that no form has',
      'models: { a: { endpoint: b, zebra: 1 } }',
      'Remove it; the keys here are endpoint, balance, hedgeQuantile, budget, regions.',
    ],
    ['a wrong choice', 'telemetry: { logLevel: wran }', 'Did you mean "warn"?'],
    ['a missing key', 'endpoints:\n  a: { dialect: openai }', 'endpoints.a.model, line 2:6: "model" is missing'],
    [
      'a price that is not text',
      'endpoints: { a: { dialect: openai, model: m, price: { input: 0.15, output: "1" } } }',
      'Put it in quotes.',
    ],
    [
      'an unknown kind of node',
      'models: { a: { falback: [b] } }',
      'models.a.falback, line 1:16: there is no such key. Did you mean "fallback"?',
    ],
    [
      'a typo deep in a tree',
      'models: { a: { fallback: [b, { ground: { in: h, wiht: b } }] } }',
      'models.a.fallback[1].ground.wiht',
    ],
    [
      'a name that may not be',
      'endpoints: { "a b": { dialect: openai, model: m } }',
      'endpoints["a b"], line 1:14: this name is not allowed',
    ],
    [
      'a variable that is not set',
      'server: { host: "${NOWHERE}" }',
      'the environment variable NOWHERE is not set. Set NOWHERE',
    ],
    ['a variable that is empty', 'server: { host: "${EMPTY}" }', 'the environment variable EMPTY is empty'],
    ['a malformed reference', 'server: { host: "${PORT:-80}" }', 'a reference is malformed'],
    ['a key written twice', 'server: {}\nserver: {}', 'line 2:1: this key is written twice'],
    ['a tab', 'server:\n\tport: 1', 'a tab is used to indent'],
    ['an unknown alias', 'server: *nowhere', 'an alias is unknown'],
    ['a list at the top', '- 1', 'this is a list. Write a mapping'],
    ['nothing', '  \n', 'the file is empty. Write {}'],
  ])('names place, reason and fix of %s', (_, text, expected) => {
    const error = refuse(text)
    expect(error.code).toBe('CONFIG_INVALID')
    expect(error.message).toContain('/srv/strata.yaml is refused')
    expect(error.message).toContain(expected)
  })

  test('lists every problem in the order of the file, also as data', () => {
    const error = refuse('server: { port: x, host: 1 }\nstore: { foldr: 1 }\n')
    expect(error.message).toContain('3 problems')
    const problems = error.details?.['problems']
    expect(problems).toMatchObject([
      { path: 'server.port', line: 1, column: 17 },
      { path: 'server.host', line: 1, column: 26 },
      { path: 'store.foldr', line: 2, column: 10, fix: 'Did you mean "folder"?' },
    ])
    expect(error.param).toBe('server.port')
  })

  test('lists at most twenty problems and counts the rest', () => {
    const error = refuse(Array.from({ length: 30 }, (_, index) => `unknown${index}: 1`).join('\n'))
    expect(error.message.split('\n')).toHaveLength(22)
    expect(error.message).toContain('and 10 more')
  })

  test('is refused without a word of what its values are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          'server: { port: "§" }',
          'endpoints: { a: { dialect: "§", model: m } }',
          'endpoints: { a: { dialect: openai, model: m, key: [ "§" ] } }',
          'store: { url: "§" }',
          'governance: { allowedRegions: "§" }',
          'models: { a: { endpoint: { x: "§" } } }',
          'key: "§',
          '"§" : : }',
        ),
        fc.stringMatching(/^[a-f0-9]{16}$/),
        (template, secret) => {
          const value = `sk-${secret}`
          const error = refuse(template.replace('§', value))
          expect(error.message).not.toContain(value)
          expect(JSON.stringify(error.details)).not.toContain(value)
          expect(error.cause).toBeUndefined()
        },
      ),
    )
  })

  test('never makes the loader throw anything but CONFIG_INVALID', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          load(text)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'CONFIG_INVALID' })
        }
      }),
    )
  })

  test('is refused when its aliases expand without end', () => {
    const levels = Array.from({ length: 12 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`)
    expect(refuse(`a0: &a0 [x, x]\n${levels.join('\n')}`).message).toContain('aliases expand')
  })
})

describe('a file that cannot be read', () => {
  test('is named when it is missing', () => {
    const attempt = () => loadConfig({ path: 'other.yaml', folder: '/nowhere-at-all', environment: {} })
    expect(attempt).toThrow('/nowhere-at-all/other.yaml is refused, 1 problem:\n  there is no such file')
    expect(hasConfigFile({ folder: '/nowhere-at-all', environment: {} })).toBe(false)
  })

  test('is refused when it is larger than a configuration is', () => {
    expect(refuse(`# ${'x'.repeat(1_048_576)}`).message).toContain('larger than 1048576 bytes')
  })
})

describe('the JSON Schema', () => {
  test('describes every key of every section in a sentence', () => {
    const schema = configJsonSchema()
    for (const [section, content] of Object.entries(schema.properties ?? {})) {
      expect(content.description, section).toMatch(/\.$/)
      for (const [key, value] of Object.entries(content.properties ?? {})) {
        expect(value.description, `${section}.${key}`).toMatch(/\.$/)
      }
    }
  })
})

/** The paths under which the schema has something that is called like a credential; `name` where any name stands. */
function listNamed(schema: KeySchema, path: KeyPath): readonly KeyPath[] {
  if (schema.$ref !== undefined) return [] // Models within models.
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, each]) => listNamed(each, [...path, key]))
  const more = schema.additionalProperties
  const any = typeof more === 'object' ? listNamed(more, [...path, 'name']) : []
  const items = schema.items === undefined ? [] : listNamed(schema.items, [...path, 0])
  const variants = [...(schema.anyOf ?? []), ...(schema.allOf ?? [])].flatMap((each) => listNamed(each, path))
  const [last, before] = [path.at(-1), path.at(-2)]
  const isText = schema.type === 'string'
  const isNamed = /(?:key|token|secret|password)$/i.test(String(last)) || (before === 'headers' && last === 'name')
  return [...(isText && isNamed ? [path] : []), ...own, ...any, ...items, ...variants]
}
