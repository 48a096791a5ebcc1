import { z } from 'zod'

export const provisioningSchema = z
  .strictObject({
    peopleMax: z.int().min(1).max(1_000_000).default(100_000).describe('People of a tenant.'),
    groupsMax: z.int().min(1).max(100_000).default(10_000).describe('Groups of a tenant.'),
    membersMax: z.int().min(1).max(100_000).default(20_000).describe('People in one group.'),
  })
  .describe('People and groups that an identity provider brings in over SCIM, with a key of the role provisioner.')
