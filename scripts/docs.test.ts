import { describe, expect, test } from 'vitest'
import { configSchema } from '../src/config/index.ts'
import { errorCatalogue } from '../src/core/errors.ts'
import { metricCatalogue } from '../src/telemetry/index.ts'
import { toConfigurationPage, toConfigurationSchema } from './docs/configuration.ts'
import { toErrorsPage } from './docs/errors.ts'
import { toMetricsPage } from './docs/metrics.ts'
import { toMarkdownTable } from './docs/page.ts'

describe('the reference', () => {
  test('lists every error code once', () => {
    const page = toErrorsPage()
    for (const code of Object.keys(errorCatalogue)) expect(page.split(`| \`${code}\` |`)).toHaveLength(2)
  })

  test('lists every metric once, with its labels', () => {
    const page = toMetricsPage()
    for (const { name } of Object.values(metricCatalogue)) expect(page.split(`| \`${name}\` |`)).toHaveLength(2)
    expect(page).toContain('| `strata_requests_total` | counter | `face`, `model`, `status` |')
  })

  test('lists the keys of every section, nested ones with their path', () => {
    const page = toConfigurationPage()
    for (const key of Object.keys(configSchema.shape))
      expect(page).toMatch(new RegExp(`^(## ${key}|\\| \`${key}\` .*)$`, 'm'))
    for (const key of [
      'port',
      'breaker.failuresMax',
      'traces.queueLengthMax',
      'NAME.dialect',
      'NAME.price.input',
      'NAME.ground.passagesMax',
      'prices[].price.output',
    ]) {
      expect(page).toContain(`\n| \`${key}\` | `)
    }
    expect(page).toContain('| `port` | whole number, 0 to 65535 | `7077` | TCP port')
    expect(page).toMatch(/\| `NAME\.dialect` \|[^|]*\| \*required\* \|/)
  })

  test('leaves no cell of a key without words', () => {
    const rows = toConfigurationPage()
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    expect(rows.length).toBeGreaterThan(60)
    expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([])
  })

  test('has a schema that an editor can read', () => {
    const schema = JSON.parse(toConfigurationSchema())
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      title: 'strata.yaml',
    })
  })

  test('keeps a table a table, whatever stands in a cell', () => {
    expect(toMarkdownTable(['a', 'b'], [['x | y', 'two\nlines']])).toBe(
      '| a | b |\n| --- | --- |\n| x \\| y | two lines |',
    )
  })
})
