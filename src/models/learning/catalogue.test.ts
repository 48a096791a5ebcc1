import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { certifyRouter, createRouterCatalogue, trainRouter, writeRouter } from './index.ts'
import { createPairs } from './testing.ts'

let folder: string
const trained = trainRouter({ pairs: createPairs(400, 1), seed: 1, nowMs: 0 })
const guarantee = { epsilon: 0.1, delta: 0.1, loss: 'net' } as const
const { certificate } = certifyRouter({
  router: trained.router,
  pairs: createPairs(600, 2),
  guarantee,
  judge: 'exact',
  nowMs: 0,
})

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-routers-'))
  writeFileSync(join(folder, 'a.router'), writeRouter(trained.content))
  writeFileSync(join(folder, 'a.json'), JSON.stringify(certificate))
  const other = trainRouter({ pairs: createPairs(100, 3), seed: 1, nowMs: 0 })
  writeFileSync(join(folder, 'b.router'), writeRouter(other.content))
  writeFileSync(join(folder, 'broken.router'), 'nonsense')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('routers of the configuration are found by name with their certificates, until those are withdrawn', () => {
  const withdrawn = new Set<string>()
  const catalogue = createRouterCatalogue({
    config: { a: { file: 'a.router', certificate: 'a.json' }, b: { file: 'b.router' } },
    folder,
    isWithdrawn: (hash) => withdrawn.has(hash),
  })
  expect(catalogue.names()).toEqual(['a', 'b'])
  expect(catalogue.find('a')).toMatchObject({ router: { hash: trained.router.hash }, certificate: { epsilon: 0.1 } })
  expect(catalogue.find('b')?.certificate).toBeUndefined()
  expect(catalogue.find('c')).toBeUndefined()
  withdrawn.add(certificate?.hash ?? '')
  expect(catalogue.find('a')).toMatchObject({ router: { hash: trained.router.hash }, certificate: undefined })
})

test.each([
  [{ file: 'nowhere.router' }, 'routers.x.file', 'ENOENT'],
  [{ file: 'broken.router' }, 'routers.x.file', 'not JSON'],
  [{ file: 'b.router', certificate: 'a.json' }, 'routers.x.certificate', 'another router'],
  [{ file: 'b.router', certificate: 'b.router' }, 'routers.x.certificate', 'refused'],
])('%j is refused at load with its key and the reason', (files, param, reason) => {
  const create = (): unknown => createRouterCatalogue({ config: { x: files }, folder })
  expect(create).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      param,
      message: expect.stringContaining(reason) as string,
    }) as Error,
  )
})
