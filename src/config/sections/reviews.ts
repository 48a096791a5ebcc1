import { z } from 'zod'

export const reviewsSchema = z
  .strictObject({
    undecided: z
      .enum(['refuse', 'hold'])
      .default('refuse')
      .describe(
        'What is done with a request that a policy pack wants reviewed, because answers or documents are missing: `refuse` it, or `hold` it until a person has decided.',
      ),
    oversight: z
      .enum(['hold', 'record'])
      .default('hold')
      .describe(
        'What is done where a policy pack obliges to human oversight: `hold` the answer (or the request, as the pack says) for a person, or only `record` that it is owed.',
      ),
    reviewers: z
      .array(
        z.strictObject({
          person: z.string().min(1).max(128).describe('The person, as the `user` of their key.'),
          useCases: z
            .array(z.string().min(1).max(64))
            .min(1)
            .max(256)
            .optional()
            .describe('Use cases they are competent for; every one when absent.'),
          competence: z.string().min(1).max(500).describe('Why they are competent: training, office, authority.'),
        }),
      )
      .max(256)
      .default([])
      .describe('Who may decide. With none listed, whoever has an admin key that names its user.'),
    deadlineMs: z
      .int()
      .min(1_000)
      .max(2_592_000_000)
      .default(86_400_000)
      .describe('How long a request is held, milliseconds; nobody having decided by then, it is refused.'),
    waitMsMax: z
      .int()
      .min(0)
      .max(600_000)
      .default(60_000)
      .describe('Longest that a request may wait in place for a decision (`strata.waitMs`), milliseconds.'),
    waitingMax: z
      .int()
      .min(0)
      .max(10_000)
      .default(256)
      .describe('Requests that wait in place at once in a process; one more is told to come back instead.'),
    pendingMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1_000)
      .describe('Undecided reviews of a tenant at once; one more is refused with OVERLOADED.'),
    contentBytesMax: z
      .int()
      .min(1_024)
      .max(67_108_864)
      .default(4_194_304)
      .describe('Largest request or answer that is held, bytes.'),
    contentDays: z
      .int()
      .min(0)
      .max(36_500)
      .default(30)
      .describe(
        'How long the words of a request and its answer are kept after a review has ended, days; who decided what stays on record.',
      ),
  })
  .describe('Requests and answers held for a person who can accept, override or stop them.')
