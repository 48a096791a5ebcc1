import { afterEach, expect, test } from 'vitest'
import { pdf } from '../../../test/kit/pdf.ts'
import { configSchema } from '../../config/index.ts'
import { createIds } from '../../core/ids.ts'
import { placeOf, type FilePlace } from '../../core/places.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { describeEngines, silentLog } from '../../store/testing.ts'
import { xlsx } from '../preparation/testing.ts'
import { createKnowledge, type Knowledge } from './index.ts'

const tenant = 'tenant_a'
const opened: Knowledge[] = []
afterEach(async () => {
  for (const knowledge of opened.splice(0)) await knowledge.close()
})

async function openOn(store: Store): Promise<Knowledge> {
  const clock = createFakeClock(1_700_000_000_000)
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const config = configSchema.parse({}).knowledge
  const knowledge = createKnowledge({ store, clock, ids, config, log: silentLog, searchOn: 'same-thread' })
  opened.push(knowledge)
  await knowledge.createCollection(tenant, 'files')
  return knowledge
}

async function placeFound(knowledge: Knowledge, query: string): Promise<FilePlace> {
  const [passage] = await knowledge.search({ tenant, collections: ['files'], query, passagesMax: 1, confidenceMin: 0 })
  expect(passage).toBeDefined()
  return passage === undefined ? {} : placeOf(passage.places ?? [], passage.why?.best ?? passage)
}

const report = pdf([
  {
    lines: Array.from({ length: 30 }, (_, index) => ({
      text: `Revenue of the northern region grew by ${index} per cent against the year before, says the report.`,
      x: 72,
      y: 700 - index * 12,
    })),
  },
  {
    lines: [
      { text: 'Employees may take twenty five days of leave.', x: 72, y: 700 },
      { text: 'Unused days of leave are carried over until March of the next year, not later.', x: 72, y: 688 },
      { text: 'Who leaves the company is paid for the days of leave that are left.', x: 72, y: 676 },
    ],
  },
])

const sheet =
  '<sheetData><row r="3"><c r="B3" t="inlineStr"><is><t>City</t></is></c><c r="C3" t="inlineStr"><is><t>Limit</t></is></c></row>' +
  '<row r="4"><c r="B4" t="inlineStr"><is><t>Zurich</t></is></c><c r="C4"><v>240</v></c></row></sheetData>'

describeEngines('places of passages', (open) => {
  test('of a PDF are the page and the box of its lines, of a workbook the sheet and its cells, of Markdown none', async () => {
    const knowledge = await openOn(await open())
    await knowledge.putDocuments(tenant, 'files', [
      { externalId: 'report', name: 'report.pdf', bytes: report },
      { externalId: 'rates', name: 'rates.xlsx', bytes: xlsx({ Hotels: sheet }) },
      { externalId: 'notes', name: 'notes.md', bytes: Buffer.from('Parking is free for visitors.') },
    ])
    const { page, box, ...rest } = await placeFound(knowledge, 'days of leave')
    expect(page).toBe(2)
    // The lines stand at 92 to 116 points from the top, 72 from the left.
    expect(box?.slice(0, 2).map(Math.round)).toEqual([72, 84])
    expect(box?.[3]).toBeLessThan(119)
    expect(rest).toEqual({})
    expect(await placeFound(knowledge, 'limit in Zurich')).toEqual({ sheet: 'Hotels', cell: 'B3:C4' })
    expect(await placeFound(knowledge, 'free parking')).toEqual({})
  })

  test('are those of the version, and go with its document', async () => {
    const store = await open()
    const knowledge = await openOn(store)
    const later = pdf([
      { lines: [] },
      { lines: [] },
      { lines: [{ text: 'Thirty days of leave a year.', x: 72, y: 700 }] },
    ])
    const put = (bytes: Uint8Array) => knowledge.putDocument(tenant, 'files', { externalId: 'r', name: 'r.pdf', bytes })
    await put(report)
    const { id } = await put(later)
    expect(await placeFound(knowledge, 'days of leave')).toMatchObject({ page: 3 })
    const count = async () => (await store.sql.selectFrom('version_place').selectAll().execute()).length
    expect(await count()).toBeGreaterThan(1)
    await knowledge.deleteDocument(tenant, 'files', id)
    expect(await count()).toBe(0)
  })

  test('of another tenant are not read, whatever version is asked for', async () => {
    const store = await open()
    const knowledge = await openOn(store)
    await knowledge.putDocument(tenant, 'files', { externalId: 'r', name: 'r.pdf', bytes: report })
    const { createPlaceRows } = await import('./places/store.ts')
    const [row] = await store.sql.selectFrom('version_place').selectAll().execute()
    const span = { version: row?.version_id ?? '', start: 0, end: 1_000 }
    const rows = createPlaceRows(store.sql)
    expect((await rows.listPlaces(tenant, [span]))[0]).not.toEqual([])
    expect(await rows.listPlaces('tenant_b', [span])).toEqual([[]])
  })
})
