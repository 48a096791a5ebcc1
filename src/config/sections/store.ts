import { z } from 'zod'

export const storeSchema = z
  .strictObject({
    folder: z
      .string()
      .min(1)
      .default('.strata')
      .describe('Data folder: the embedded database, the journal, local runtimes. Relative to the configuration file.'),
    url: z
      .string()
      .regex(/^(sqlite:|postgres(ql)?:\/\/)/, 'starts with sqlite: or postgres://')
      .default('sqlite:')
      .describe('`sqlite:` for the embedded database in the folder, or `postgres://user:password@host/database`.'),
    foldMs: z
      .int()
      .min(1)
      .max(60_000)
      .default(50)
      .describe('How often journaled calls are written into the database, milliseconds.'),
    foldRowsMax: z.int().min(1).max(100_000).default(2_000).describe('Most calls written in one transaction.'),
    journalBytesMax: z
      .int()
      .min(1_048_576)
      .max(1_099_511_627_776)
      .default(1_073_741_824)
      .describe(
        'Largest journal, bytes, while the database cannot take rows; beyond it requests are refused with STORE_UNAVAILABLE.',
      ),
    connectionsMax: z.int().min(1).max(1_000).default(10).describe('PostgreSQL connections.'),
  })
  .describe('Where everything is kept.')
