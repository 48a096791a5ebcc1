import type { Principal } from '../core/call.ts'
import { PlatformError } from '../core/errors.ts'
import type { NameRecogniser, PersonalDataScanner } from '../core/ports-privacy.ts'
import { informScanner } from '../governance/privacy/index.ts'

/**
 * The scanner for one text in which a model has looked for names and addresses too. Rejects with INVALID_REQUEST where no model for that
 * is configured, PERSONAL_DATA_REFUSED where it has not answered.
 */
export async function scanWithNames(
  { scanner, names }: { readonly scanner: PersonalDataScanner; readonly names: NameRecogniser | undefined },
  text: string,
  principal: Principal,
): Promise<PersonalDataScanner> {
  if (names === undefined) {
    const message = 'nobody here finds names and addresses; name an endpoint in governance.privacy.names.with'
    throw new PlatformError('INVALID_REQUEST', message, { param: 'names' })
  }
  const found = await names.recognise([text], { tenant: principal.tenant, principal, mustKnow: true })
  return informScanner(scanner, { texts: [text], found })
}
