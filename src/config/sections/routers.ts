import { z } from 'zod'

const path = z.string().min(1).max(4_096)

export const routersSchema = z
  .record(
    z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/, 'letters, digits and . _ -; at most 128'),
    z.strictObject({
      file: path.describe('The file that strata route train wrote, from the folder of this file.'),
      certificate: path
        .optional()
        .describe('The file that strata route certify wrote for it; without one no threshold is certified.'),
    }),
  )
  .describe('Learned routers read from files, by name; other names are those kept by /v1/routers.')
