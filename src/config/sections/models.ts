import { z } from 'zod'
import { createNodeSchemas } from './model-nodes.ts'
import { budgetSchema } from './node-settings.ts'
import type {
  BestNode,
  CacheNode,
  CascadeNode,
  ExperimentNode,
  MapNode,
  MixNode,
  NodeCommons,
  PromptNode,
  RouteNode,
  VerifyNode,
  VoteNode,
} from './node-types.ts'

const name = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._:/-]{0,127}$/, 'letters, digits and . _ : / -; at most 128')

/** A node of the tree of models: the name of a model or endpoint, or a node described in place. */
export type ModelNode =
  | string
  | EndpointNode
  | FallbackNode
  | GroundNode
  | ForecastNode
  | CascadeNode
  | VoteNode
  | RouteNode
  | VerifyNode
  | BestNode
  | MixNode
  | MapNode
  | CacheNode
  | PromptNode
  | ExperimentNode
  | ShadowNode

export interface EndpointNode extends NodeCommons {
  readonly endpoint: string | readonly string[]
  readonly balance?: 'least-loaded' | 'price' | 'latency' | 'order' | undefined
  readonly hedgeQuantile?: number | undefined
}

export interface FallbackNode extends NodeCommons {
  readonly fallback: readonly ModelNode[]
}

export interface ForecastNode extends NodeCommons {
  readonly forecast: { readonly horizon?: number | undefined; readonly levels?: readonly number[] | undefined }
}

export interface GroundNode extends NodeCommons {
  readonly ground: {
    readonly in: string | readonly string[]
    readonly with: ModelNode
    readonly passagesMax?: number | undefined
  }
}

export interface ShadowNode {
  readonly shadow: {
    readonly use: ModelNode
    readonly of: readonly ModelNode[]
    readonly judge: ModelNode
    readonly share: number
    readonly router?: string | undefined
  }
}

const node: z.ZodType<ModelNode> = z
  .lazy(() =>
    z.union([
      name,
      endpointNode,
      fallbackNode,
      groundNode,
      forecastNode,
      kinds.cascade,
      kinds.vote,
      kinds.route,
      kinds.verify,
      kinds.best,
      kinds.mix,
      kinds.map,
      kinds.cache,
      kinds.prompt,
      kinds.experiment,
      shadowNode,
    ]),
  )
  .meta({ id: 'model' })

/** A node as a request may bring it. */
export const modelNodeSchema = node

const kinds = createNodeSchemas(node)
const commons = {
  budget: budgetSchema.optional(),
  regions: kinds.vote.shape.regions,
}

const endpointNode = z
  .strictObject({
    endpoint: z
      .union([name, z.array(name).min(1).max(64)])
      .describe('One endpoint, or several that are interchangeable.'),
    balance: z
      .enum(['least-loaded', 'price', 'latency', 'order'])
      .optional()
      .describe('How to choose among several; least-loaded when absent.'),
    hedgeQuantile: z
      .number()
      .min(0.5)
      .max(0.9999)
      .optional()
      .describe(
        'Start a second try when the first byte takes longer than this quantile of recent ones. Off when absent.',
      ),
    ...commons,
  })
  .describe('A leaf: calls an endpoint.')

const fallbackNode = z
  .strictObject({
    fallback: z.array(node).min(1).max(32).describe('Tried in order until one starts to answer.'),
    ...commons,
  })
  .describe('The first that answers.')

const forecastNode = z
  .strictObject({
    forecast: z
      .strictObject({
        horizon: z
          .int()
          .min(1)
          .max(2_000)
          .optional()
          .describe('Steps ahead where the request says none; 24 when absent.'),
        levels: z
          .array(z.number().gt(0).lt(1))
          .min(1)
          .max(10)
          .optional()
          .describe('Of its intervals; 0.5, 0.8 and 0.95 when absent.'),
      })
      .describe('What is forecast unless the request says otherwise.'),
    ...commons,
  })
  .describe('Forecasts the series in the last message; runs in this process.')

const groundNode = z
  .strictObject({
    ground: z
      .strictObject({
        in: z.union([name, z.array(name).min(1).max(64)]).describe('Collections to answer from.'),
        with: node.describe('The model that writes the answer.'),
        passagesMax: z.int().min(1).max(100).optional().describe('Passages given to the model; 8 when absent.'),
      })
      .describe('What to answer from, and which model answers.'),
    ...commons,
  })
  .describe('Answers from knowledge, with citations.')

const shadowNode = z
  .strictObject({
    shadow: z
      .strictObject({
        use: node.describe('The model that answers.'),
        of: z
          .array(node)
          .length(2)
          .describe(
            'Two models that are asked the same again behind the answer; those of the router, where one is named.',
          ),
        judge: node.describe('The model that judges both answers.'),
        share: z.number().gt(0).max(0.2).default(0.03).describe('Share of prompts that are asked again.'),
        router: name.optional().describe('A kept router whose certificate is watched by what is judged.'),
      })
      .describe(
        'Who answers, and which two models are compared. Prompts and answers that are judged are kept as feedback.',
      ),
  })
  .describe('Answers like the model it holds, and asks two models some prompts again to learn from it.')

export const modelsSchema = z.record(name, node)
