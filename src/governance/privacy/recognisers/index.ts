import { card } from './card.ts'
import { cnDocuments, cnPlate } from './cn-documents.ts'
import { cnResidentId, cnUscc } from './cn-identity.ts'
import { email } from './email.ts'
import { hkId, twId } from './hk-tw.ts'
import { iban } from './iban.ts'
import { person } from './person.ts'
import { cnMobile, phone } from './phone.ts'
import type { Recogniser } from './recogniser.ts'
import { namedNumbers, usTax } from './us.ts'
import { domain, ip, mac, url } from './web.ts'

/** Everything that is recognised without weights. */
export const recognisers: readonly Recogniser[] = Object.freeze([
  email,
  url,
  domain,
  ip,
  mac,
  iban,
  card,
  cnResidentId,
  cnUscc,
  hkId,
  twId,
  usTax,
  cnMobile,
  phone,
  cnPlate,
  cnDocuments,
  namedNumbers,
  person,
])

/** Every type there is, in the order of the recognisers. */
export const personalDataTypes: readonly string[] = Object.freeze(recognisers.flatMap(({ types }) => types))
