/** What a licence asks of whoever uses a work, as far as a gateway has to know. */
export interface Licence {
  /** SPDX id, or the words as given. */
  readonly id: string
  /** Whether the text may be given again at length: `undefined` when the licence is not known here. */
  readonly permitsCopies: boolean | undefined
  readonly needsAttribution: boolean
  readonly isNonCommercial: boolean
  readonly forbidsChanges: boolean
  readonly isShareAlike: boolean
}

/** Reads an SPDX id or expression, or the address of a licence. Of `OR` the freest, of `AND` the strictest counts. */
export function readLicence(text: string): Licence {
  const expression = text.trim()
  if (/\sOR\s/i.test(expression)) return choose(expression, /\sOR\s/i, 1)
  if (/\sAND\s/i.test(expression)) return choose(expression, /\sAND\s/i, -1)
  return readOne(
    expression
      .replaceAll(/[()]/g, '')
      .split(/\sWITH\s/i)[0]
      ?.trim() ?? '',
  )
}

function choose(expression: string, by: RegExp, sign: 1 | -1): Licence {
  const parts = expression.split(by).map((part) => readLicence(part))
  const [best] = parts.toSorted((left, right) => sign * (freedomOf(right) - freedomOf(left)))
  return { ...(best ?? readOne('')), id: expression }
}

function freedomOf({
  permitsCopies,
  isNonCommercial,
  forbidsChanges,
  isShareAlike,
  needsAttribution,
}: Licence): number {
  if (permitsCopies !== true) return 0
  return (
    32 - 16 * Number(isNonCommercial) - 8 * Number(forbidsChanges) - 4 * Number(isShareAlike) - Number(needsAttribution)
  )
}

function readOne(text: string): Licence {
  const id = toSpdx(text)
  const creative = /^CC-BY((?:-NC|-ND|-SA)*)(?:-\d.*)?$/i.exec(id)?.[1]?.toUpperCase()
  const open = {
    id,
    permitsCopies: true,
    needsAttribution: true,
    isNonCommercial: false,
    forbidsChanges: false,
    isShareAlike: false,
  }
  if (creative !== undefined) {
    return {
      ...open,
      isNonCommercial: creative.includes('NC'),
      forbidsChanges: creative.includes('ND'),
      isShareAlike: creative.includes('SA'),
    }
  }
  if (/^(?:CC0-1\.0|PDDL-1\.0|Unlicense|0BSD|MIT-0|LicenseRef-Public-Domain)$/i.test(id))
    return { ...open, needsAttribution: false }
  if (/^(?:A?GPL|LGPL|MPL|EPL|EUPL|CDDL|ODbL|GFDL|OSL)-?/i.test(id)) return { ...open, isShareAlike: true }
  if (/^(?:MIT|ISC|Apache-|BSD-|Zlib|Python-|PSF-|BSL-1|ODC-By|Artistic-|PostgreSQL|NCSA|W3C|OGL-UK|etalab)/i.test(id))
    return open
  return { ...open, permitsCopies: undefined }
}

/** The SPDX id behind an address of Creative Commons or of another licence. */
function toSpdx(text: string): string {
  const [, kind = '', version = ''] = /creativecommons\.org\/licenses\/([a-z-]+)\/(\d\.\d)/i.exec(text) ?? []
  if (kind !== '') return `CC-${kind.toUpperCase()}-${version}`
  if (/creativecommons\.org\/publicdomain\/zero/i.test(text)) return 'CC0-1.0'
  if (/creativecommons\.org\/publicdomain\/mark/i.test(text)) return 'LicenseRef-Public-Domain'
  const [, spdx = ''] =
    /(?:spdx\.org\/licenses|opensource\.org\/licen[cs]es?|choosealicense\.com\/licenses)\/([\w.+-]+?)(?:\.html|\/)?$/i.exec(
      text,
    ) ?? []
  return spdx === '' ? text : spdx
}
