import { passesMod97 } from '../checksums.ts'
import { readGrouped } from '../scanned-text.ts'
import type { Candidate, Recogniser } from './recogniser.ts'

/** International bank account numbers: country, its length, and the check digits of ISO 13616. */
export const iban: Recogniser = {
  types: ['iban'],
  *find(text) {
    for (const match of text.folded.matchAll(ibanStart)) yield judge(text.folded, match)
  },
}

function judge(folded: string, match: RegExpExecArray): Candidate | undefined {
  const start = match.index
  const country = match[0].slice(0, 2).toUpperCase()
  const length = lengths.get(country)
  if (length === undefined) return undefined
  // `NO 44 1850.05.14562`: a blank behind the country, dots between groups; only in capitals.
  const isSpaced = match[0].length > 4
  const grouped = readGrouped(folded, start, length)
  if (grouped === undefined) return undefined
  const value = grouped.value.toUpperCase()
  const passes = passesMod97(value)
  if (isSpaced && (!passes || value !== grouped.value)) return undefined
  // A word and a number behind it can have the form by chance when there are spaces: `is 12 …`.
  if (!passes && grouped.value.length !== grouped.end - start && value !== grouped.value) return undefined
  const why = ['form', 'country', 'checksum']
  return { type: 'iban', start, end: grouped.end, strength: 4, confidence: passes ? 0.99 : 0, why }
}

const ibanStart = /[A-Za-z](?<![0-9A-Za-z].)[A-Za-z][ -]?\d{2}(?=[ -]?[0-9A-Za-z])/g

/** The registry of SWIFT (release 99, 2024), with the countries that use the form without being in it. */
const lengths = new Map(
  (
    'AD24 AE23 AL28 AO25 AT20 AZ28 BA20 BE16 BF28 BG22 BH22 BI27 BJ28 BR29 BY28 CF27 CG27 CH21 CI28 CM27 CR22 CV25 CY28 CZ24 ' +
    'DE22 DJ27 DK18 DO28 DZ26 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GA27 GB22 GE22 GI23 GL18 GQ27 GR27 GT28 GW25 HN28 HR21 HU28 ' +
    'IE22 IL23 IQ23 IR26 IS26 IT27 JO30 KM27 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MA28 MC27 MD24 ME22 MG27 MK19 ML28 ' +
    'MN20 MR27 MT31 MU30 MZ25 NE28 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 ' +
    'SM27 SN28 SO23 ST25 SV28 TD27 TG28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
)
