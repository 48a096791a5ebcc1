import { z } from 'zod'
import { address } from './addresses.ts'
import { roles } from '../../core/rights.ts'
import { modelName } from './node-settings.ts'
import { placeSovereigntySchema } from './sovereignty.ts'

const name = z.string().min(1).max(128)
const regions = z.array(z.string().regex(/^[a-z*][a-z0-9-]*$/, 'a region, lower case'))

const roleSchema = z.strictObject({
  when: z
    .record(z.string().min(1).max(200), z.union([name, z.array(name).min(1).max(256)]))
    .default({})
    .describe('Claims that have to hold: the value itself, or one in a list of values. Everybody when empty.'),
  role: z.enum(roles).describe('What who signs on may do.'),
  tenant: name.default('default').describe('Id of the tenant.'),
  team: name.optional().describe('Team; budgets are told apart by it.'),
  project: name.optional().describe('Project.'),
  models: z.array(modelName).min(1).max(256).optional().describe('Models; every model of the tenant when absent.'),
  regions: regions.min(1).max(64).optional().describe('Regions; what governance allows when absent.'),
})

export const signOnSchema = z
  .strictObject({
    issuer: address().describe('The OpenID provider, as it names itself.'),
    clientId: name.describe('The id under which it knows Strata.'),
    clientSecret: z.string().min(1).describe('The secret of that id, as ${NAME} from the environment.'),
    redirectUrl: address().describe(
      'Where the provider sends people back: the address of Strata and /v1/login/callback.',
    ),
    scopes: z.array(name).min(1).default(['openid', 'email', 'profile']).describe('What is asked for.'),
    userClaim: name.default('email').describe('The claim that names the person; sub where it is missing.'),
    origins: z
      .array(address())
      .max(8)
      .default([])
      .describe("Other origins of the provider that may be called for tokens and keys, beside the issuer's own."),
    processing: regions.min(1).describe('Regions in which the provider processes.'),
    storage: regions.describe('Regions in which it stores.'),
    sovereignty: placeSovereigntySchema.optional(),
    provisionedOnly: z
      .boolean()
      .default(false)
      .describe('Whether only people may sign on who were brought in over SCIM.'),
    sessionMinutes: z.int().min(5).max(10_080).default(480).describe('How long who has signed on may ask, minutes.'),
    roles: z
      .array(roleSchema)
      .min(1)
      .max(64)
      .describe('Who may do what: the first that fits counts; whom none fits is refused.'),
  })
  .describe('Single sign-on of people by OpenID Connect. Off when absent.')

export type SignOnConfig = z.infer<typeof signOnSchema>
