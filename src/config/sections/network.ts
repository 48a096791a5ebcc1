import { z } from 'zod'

export const networkSchema = z
  .strictObject({
    callsMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1_000)
      .describe(
        'Calls of endpoints that one request to a model may cause at worst, retries included; a model with more is refused.',
      ),
    codeThreadsMax: z
      .int()
      .min(1)
      .max(64)
      .default(2)
      .describe('Programs of answers that `check: code` runs at once, each on a thread of its own.'),
    codeWaitingMax: z
      .int()
      .min(1)
      .max(10_000)
      .default(64)
      .describe('Programs of answers that may wait for a thread; one more is refused with OVERLOADED.'),
    depthMax: z.int().min(1).max(64).default(16).describe('Nodes that may stand below each other in one model.'),
    inline: z
      .enum(['nobody', 'admins', 'everybody'])
      .default('admins')
      .describe('Who may send a network of models with a request, beside keys that were made with that right.'),
    inlineNodesMax: z.int().min(1).max(1_000).default(64).describe('Nodes of a network that comes with a request.'),
  })
  .describe('Bounds of networks of models.')
