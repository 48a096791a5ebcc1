import type { z } from 'zod'
import type { ConditionConfig } from './conditions.ts'
import type { ModelNode } from './models.ts'
import type {
  acceptSettings,
  budgetSchema,
  cacheSettings,
  checkShape,
  codeCheckSchema,
  experimentSettings,
  guaranteeSchema,
  judgeSettings,
  mapSettings,
  promptSettings,
  routeTerms,
  voteSettings,
} from './node-settings.ts'

export type BudgetConfig = z.infer<typeof budgetSchema>
export type PromptSettings = z.infer<typeof promptSettings>
export type CacheSettings = z.infer<typeof cacheSettings>

export interface Judge extends z.infer<typeof judgeSettings> {
  readonly by: ModelNode
}

export type CodeCheckConfig = z.infer<typeof codeCheckSchema>

type CheckSettings = z.infer<z.ZodObject<typeof checkShape>>

/** Checks of one answer; every key has to pass. */
export interface CheckConfig extends CheckSettings {
  readonly judge?: (Judge & { readonly atLeast: number }) | undefined
}

export interface Agreement {
  readonly with?: readonly ModelNode[] | undefined
  readonly n?: number | undefined
  readonly atLeast?: number | undefined
  readonly key?: 'answer' | 'json' | 'exact' | 'semantic' | undefined
  readonly embedder?: string | undefined
}

export interface AcceptConfig extends z.infer<typeof acceptSettings> {
  readonly agreement?: Agreement | undefined
  readonly check?: CheckConfig | undefined
}

/** Beside the key of its kind every node may have these. */
export interface NodeCommons {
  readonly budget?: BudgetConfig | undefined
  readonly regions?: readonly string[] | undefined
}

export interface CascadeNode extends NodeCommons {
  readonly cascade: readonly { readonly use: ModelNode; readonly accept?: AcceptConfig | undefined }[]
  readonly guarantee?: z.infer<typeof guaranteeSchema> | undefined
}

export interface VoteNode extends NodeCommons {
  readonly vote: z.infer<typeof voteSettings> & { readonly of: ModelNode | readonly ModelNode[] }
}

export interface RouteRule {
  readonly when?: ConditionConfig | undefined
  readonly use: ModelNode
}

export interface RouteNode extends NodeCommons {
  readonly route: readonly RouteRule[] | LearnedRoute | LookupRoute
  readonly guarantee?: z.infer<typeof guaranteeSchema> | undefined
}

export interface LearnedRoute {
  readonly learned: string
  readonly embedder?: string | undefined
  readonly among: Readonly<Record<string, ModelNode>>
  readonly threshold?: number | 'certified' | undefined
  readonly terms?: z.infer<typeof routeTerms> | undefined
}

export interface LookupRoute {
  readonly by: 'language' | 'task' | 'effort' | 'tenant' | 'key'
  readonly table: Readonly<Record<string, ModelNode>>
  readonly else: ModelNode
}

export interface VerifyNode extends NodeCommons {
  readonly verify: {
    readonly use: ModelNode
    readonly check: CheckConfig
    readonly repairs?: number | undefined
    readonly escalate?: ModelNode | undefined
    readonly otherwise?: 'refuse' | 'pass' | undefined
  }
}

export interface BestNode extends NodeCommons {
  readonly best: {
    readonly of: ModelNode | readonly ModelNode[]
    readonly n?: number | undefined
    readonly judge?: Judge | undefined
    readonly check?: CheckConfig | undefined
    readonly parallel?: number | undefined
    readonly temperature?: number | undefined
  }
}

export interface MixNode extends NodeCommons {
  readonly mix: {
    readonly of: ModelNode | readonly ModelNode[]
    readonly n?: number | undefined
    readonly layers?: number | undefined
    readonly aggregator?: ModelNode | undefined
    readonly instruction?: string | undefined
    readonly parallel?: number | undefined
    readonly temperature?: number | undefined
  }
}

export interface MapNode extends NodeCommons {
  readonly map: z.infer<typeof mapSettings> & { readonly use: ModelNode; readonly reduce?: ModelNode | undefined }
}

export interface CacheNode extends NodeCommons {
  readonly cache: CacheSettings & { readonly use: ModelNode }
}

export interface PromptNode extends NodeCommons {
  readonly prompt: PromptSettings & { readonly use: ModelNode }
}

export interface ExperimentNode extends NodeCommons {
  readonly experiment: z.infer<typeof experimentSettings> & {
    readonly arms: Readonly<Record<string, { readonly use: ModelNode; readonly weight?: number | undefined }>>
  }
}
