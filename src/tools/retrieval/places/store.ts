import type { Kysely } from 'kysely'
import type { SpanPlace } from '../../../core/places.ts'
import type { Tables } from '../../../store/index.ts'
import { inParts } from '../entries/store.ts'

/** A span of a version. */
export interface VersionSpan {
  readonly version: string
  readonly start: number
  readonly end: number
}

export interface PlaceRows {
  /** Of versions that have just been written. */
  insertPlaces(tenant: string, versions: readonly VersionPlaces[]): Promise<void>
  /** The places that each span touches, ascending; in the order of the spans. */
  listPlaces(tenant: string, spans: readonly VersionSpan[]): Promise<readonly (readonly SpanPlace[])[]>
}

export interface VersionPlaces {
  readonly version: string
  readonly places: readonly SpanPlace[]
}

/** Places in one row: about as many as a page has lines. */
const placesPerRow = 64

export function createPlaceRows(sql: Kysely<Tables>): PlaceRows {
  return {
    async insertPlaces(tenant, versions) {
      const rows = versions.flatMap(({ version, places }) => toRows(tenant, version, places))
      await inParts(rows, async (part) => {
        await sql.insertInto('version_place').values(part).execute()
        return []
      })
    },
    async listPlaces(tenant, spans) {
      const rows = await inParts(spans, (part) =>
        sql
          .selectFrom('version_place')
          .selectAll()
          .where('tenant', '=', tenant)
          .where((build) =>
            build.or(
              part.map(({ version, start, end }) =>
                build.and([
                  build('version_id', '=', version),
                  build('start_at', '<', end),
                  build('end_at', '>', start),
                ]),
              ),
            ),
          )
          .orderBy('version_id')
          .orderBy('start_at')
          .execute(),
      )
      return spans.map(({ version, start, end }) =>
        rows
          .filter((row) => row.version_id === version && row.start_at < end && row.end_at > start)
          .flatMap((row) => JSON.parse(row.places) as readonly SpanPlace[]) // written by this file
          .filter((place) => place.start < end && place.end > start),
      )
    },
  }
}

function toRows(tenant: string, version: string, places: readonly SpanPlace[]): readonly Tables['version_place'][] {
  const rows: Tables['version_place'][] = []
  for (let from = 0; from < places.length; from += placesPerRow) {
    const part = places.slice(from, from + placesPerRow)
    const start = part[0]?.start ?? 0
    const end = part.at(-1)?.end ?? start
    rows.push({ tenant, version_id: version, start_at: start, end_at: end, places: JSON.stringify(part) })
  }
  return rows
}
