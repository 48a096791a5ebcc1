import { z } from 'zod'
import { conditionSchema } from './conditions.ts'
import type { ModelNode } from './models.ts'
import {
  acceptSettings,
  answerKey,
  budgetSchema,
  cacheSettings,
  checkShape,
  embedder,
  routeEmbedder,
  experimentSettings,
  guaranteeSchema,
  judgeSettings,
  mapSettings,
  modelName,
  parallel,
  prompt,
  promptSettings,
  routeTerms,
  share,
  temperature,
  voteSettings,
} from './node-settings.ts'

type NodeSchema = z.ZodType<ModelNode>

/** The schema of each kind but `endpoint`, `fallback` and `ground`, given that of a node. */
export function createNodeSchemas(node: NodeSchema) {
  const shared = createShared(node)
  return { ...createChoosing(node, shared), ...createSampling(node, shared), ...createShaping(node, shared) }
}

/** What several kinds have. */
function createShared(node: NodeSchema) {
  const commons = {
    budget: budgetSchema.optional(),
    regions: z
      .array(z.string().min(1).max(64))
      .max(64)
      .optional()
      .describe('Regions in which everything below may process and store; narrows what the request may.'),
  }
  const judge = z.strictObject({ ...judgeSettings.shape, by: node.describe('The model that judges.') })
  const scoredJudge = z.strictObject({
    ...judge.shape,
    atLeast: z.number().min(0).max(10).describe('Least score of 0 to 10.'),
  })
  const check = z
    .strictObject({ ...checkShape, judge: scoredJudge.optional().describe('Another model scores the answer.') })
    .refine((given) => Object.values(given).some((value) => value !== undefined), 'name at least one check')
    .meta({ id: 'check', description: 'What the answer has to pass.' })
  return { commons, judge, check }
}

type Shared = ReturnType<typeof createShared>

/** One of several models. */
function createChoosing(node: NodeSchema, { commons, check }: Shared) {
  const accept = createAccept(node, check)
  const rule = z.strictObject({
    when: conditionSchema.optional().describe('Always, when absent.'),
    use: node.describe('The model that is taken.'),
  })
  return {
    cascade: z
      .strictObject({
        cascade: z
          .array(z.strictObject({ use: node.describe('The model of this step.'), accept: accept.optional() }))
          .min(1)
          .max(16)
          .describe('Tried in order until an answer is accepted; that of the last is.'),
        guarantee: guaranteeSchema.optional(),
        ...commons,
      })
      .describe('Cheap models first.'),
    route: z
      .strictObject({
        route: z
          .union([
            z.array(rule).min(1).max(64),
            z.strictObject({
              learned: modelName.describe('Name of the learned router.'),
              among: z.record(modelName, node).describe('Models by the names under which the router knows them.'),
              threshold: z
                .union([z.literal('certified'), share])
                .optional()
                .describe('Of two: least gain at which the second is taken; certified takes it from the certificate.'),
              terms: routeTerms.optional().describe('What quality is weighed against.'),
              embedder: routeEmbedder,
            }),
            z.strictObject({
              by: z.enum(['language', 'task', 'effort', 'tenant', 'key']).describe('The signal that is looked up.'),
              table: z.record(z.string().min(1).max(128), node).describe('The model for each value.'),
              else: node.describe('The model for other values, and for an unknown one.'),
            }),
          ])
          .describe('Rules: the first whose condition holds. Or a learned router. Or a table.'),
        guarantee: guaranteeSchema.optional(),
        ...commons,
      })
      .describe('One of several models, chosen by the request.'),
    experiment: z
      .strictObject({
        experiment: z
          .strictObject({
            arms: z
              .record(
                z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/, 'letters, digits and . _ -; at most 64'),
                z.strictObject({
                  use: node.describe('The model of this arm.'),
                  weight: z
                    .number()
                    .min(0)
                    .max(1_000_000)
                    .optional()
                    .describe('Share beside the others; 1 when absent.'),
                }),
              )
              .describe('What is compared.'),
            ...experimentSettings.shape,
          })
          .describe('The arms that are compared, and who falls into which.'),
        ...commons,
      })
      .describe('Gives everybody one of several models, and keeps to it.'),
  }
}

function createAccept(node: NodeSchema, check: Shared['check']) {
  const agreement = z
    .strictObject({
      with: z.array(node).min(1).max(16).optional().describe('Other models, one answer of each.'),
      n: z.int().min(1).max(16).optional().describe('Answers of this model; 1 beside others, 2 without, when absent.'),
      atLeast: z.int().min(2).max(32).optional().describe('How many must agree; all of them when absent.'),
      key: answerKey,
      embedder,
    })
    .optional()
    .describe('Accepts when answers agree.')
  return z
    .strictObject({ ...acceptSettings.shape, agreement, check: check.optional() })
    .refine((given) => Object.values(given).some((value) => value !== undefined), 'name at least one test')
    .describe('When the answer of this step is kept: every test has to pass.')
}

/** Several answers of one or more models. */
function createSampling(node: NodeSchema, { commons, judge, check }: Shared) {
  const several = (what: string) => z.union([node, z.array(node).min(1).max(32)]).describe(what)
  const samples = {
    n: z.int().min(1).max(64).optional().describe('Samples; 4 when absent, or one of each model of a list.'),
    parallel: parallel.optional().describe('Samples under way at once; 4 when absent.'),
    temperature,
  }
  return {
    vote: z
      .strictObject({
        vote: z
          .strictObject({
            ...voteSettings.shape,
            of: several('The model that is asked several times, or several.'),
          })
          .describe('Whom to ask, how often, and what counts as the same answer.'),
        ...commons,
      })
      .describe('The answer that most samples agree on.'),
    best: z
      .strictObject({
        best: z
          .strictObject({
            of: several('The model that is asked several times, or several.'),
            ...samples,
            judge: judge.optional().describe('The model that scores each answer.'),
            check: check.optional(),
          })
          .refine((given) => given.judge !== undefined || given.check !== undefined, 'give judge, check or both')
          .describe('Whom to ask, how often, and what decides which answer is best.'),
        ...commons,
      })
      .describe('The best of several answers.'),
    mix: z
      .strictObject({
        mix: z
          .strictObject({
            of: several('The model that proposes several times, or several.'),
            ...samples,
            layers: z.int().min(1).max(4).optional().describe('Rounds of proposals; 1 when absent.'),
            aggregator: node
              .optional()
              .describe('The model that makes one answer of them; the first of `of` when absent.'),
            instruction: prompt.optional().describe('What the aggregator is told; a general instruction when absent.'),
          })
          .describe('Whom to ask for proposals, and who makes one answer of them.'),
        ...commons,
      })
      .describe('One answer made of several.'),
  }
}

/** One answer, and what is done before and after it. */
function createShaping(node: NodeSchema, { commons, check }: Shared) {
  return {
    verify: z
      .strictObject({
        verify: z
          .strictObject({
            use: node.describe('The model whose answer is checked.'),
            check,
            repairs: z.int().min(0).max(8).optional().describe('How often it may mend its answer; 1 when absent.'),
            escalate: node.optional().describe('The model that answers when that was in vain.'),
            otherwise: z
              .enum(['refuse', 'pass'])
              .optional()
              .describe(
                'What becomes of an answer that still fails: an error, or passed on and marked; refuse when absent.',
              ),
          })
          .describe('Whose answer is checked, by what, and what follows when it fails.'),
        ...commons,
      })
      .describe('Checks an answer before it leaves.'),
    map: z
      .strictObject({
        map: z
          .strictObject({
            use: node.describe('The model that reads each piece.'),
            reduce: node.optional().describe('The model that answers from the results; that of `use` when absent.'),
            ...mapSettings.shape,
          })
          .describe('How the text is split, and who reads the pieces and the results.'),
        ...commons,
      })
      .describe('Splits a long text, reads each piece, answers from the results.'),
    cache: z
      .strictObject({
        cache: z
          .strictObject({ use: node.describe('The model whose answers are kept.'), ...cacheSettings.shape })
          .describe('Whose answers are kept, and for how long.'),
        ...commons,
      })
      .describe('Answers again what it has answered before.'),
    prompt: z
      .strictObject({
        prompt: z
          .strictObject({ use: node.describe('The model that is asked.'), ...promptSettings.shape })
          .describe('Who is asked, and the template with its variables.'),
        ...commons,
      })
      .describe('Puts a versioned template around the request.'),
  }
}
