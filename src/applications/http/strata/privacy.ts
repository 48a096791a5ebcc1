import { z } from 'zod'
import { scanWithNames } from '../../scan-names.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { operation, toSignal } from './operation.ts'

const newScan = z.strictObject({
  text: z.string().max(1_000_000).describe('Where to look.'),
  types: z.array(z.string().min(1)).min(1).max(64).optional().describe('Only these types; every one when absent.'),
  confidence_min: z.number().min(0).max(1).optional().describe('How sure a finding must be, 0 to 1; 0.5 when absent.'),
  names: z
    .boolean()
    .optional()
    .describe('Also names and addresses, by the model of governance.privacy.names, on the account of whoever asks.'),
})

const newReveal = z.strictObject({
  tokens: z.array(z.string().min(1).max(128)).min(1).max(1_000).describe('Tokens as they stand in a masked text.'),
})

/** Personal data: finding it in a text, revealing what the vault keeps, shredding the vault. */
export function privacyRoutes(getParts: GetParts): readonly Route[] {
  return [
    operation(getParts, {
      method: 'POST',
      path: '/v1/privacy/scan',
      access: 'privacy:scan',
      summary: 'Finds personal data in a text: types and places, never the text itself.',
      body: newScan,
      answer: async ({ parts, principal, body, exchange }) => {
        const options = { types: body.types, confidenceMin: body.confidence_min }
        const scanner =
          body.names === true ? await scanWithNames(parts.privacy, body.text, principal) : parts.privacy.scanner
        const data = await scanner.scanInTurns(body.text, options, toSignal(exchange))
        return { status: 200, body: { object: 'list', data } }
      },
    }),
    operation(getParts, {
      method: 'POST',
      path: '/v1/privacy/reveal',
      access: 'privacy:reveal',
      summary: 'The values that the vault of the tenant keeps for tokens; tokens it does not know are left out.',
      body: newReveal,
      answer: async ({ parts, principal, body }) => {
        const values = await parts.privacy.vault.reveal(principal.tenant, body.tokens)
        return { status: 200, body: { values: Object.fromEntries(values) } }
      },
    }),
    operation(getParts, {
      method: 'DELETE',
      path: '/v1/privacy/vault',
      access: 'privacy:erase',
      summary: 'Destroys the key and the values of the tenant for good; copies of the database cannot be read either.',
      answer: async ({ parts, principal }) => {
        const { values } = await parts.privacy.vault.shred(principal.tenant)
        return { status: 200, body: { shredded: true, values } }
      },
    }),
  ]
}
