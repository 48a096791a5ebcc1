import { askModel } from '../applications/index.ts'
import type { LoadedConfig } from '../config/index.ts'
import { createReviewTexts, type createRegionGate } from '../governance/index.ts'
import { createFeedbackTexts } from '../models/index.ts'
import { createContextWriter } from './contexts.ts'
import { createTextEmbedder, createTextReranker } from './embedding.ts'
import { createSigner } from './signing.ts'
import { createEvaluationTexts, createKnowledge, type Knowledge } from '../tools/index.ts'

type Parts = Pick<Parameters<typeof createKnowledge>[0], 'store' | 'clock' | 'ids' | 'preparation' | 'log'>

interface KnowledgeDeps extends Parts {
  readonly folder: string
  readonly loaded: LoadedConfig
  /** What stands in the configuration in force now: its regions, and the models that embed and rerank. */
  readonly inForce: {
    readonly gate: () => Pick<ReturnType<typeof createRegionGate>, 'has' | 'within'>
    readonly parts: Parameters<typeof createTextEmbedder>[0]
  }
}

/** Knowledge whose receipts are signed with the key of this installation. */
export function openKnowledge({ folder, loaded, inForce, ...parts }: KnowledgeDeps): Knowledge {
  const knowledge = createKnowledge({
    ...parts,
    config: loaded.config.knowledge,
    derived: [createFeedbackTexts(parts.store), createEvaluationTexts(parts.store), createReviewTexts(parts.store)],
    signer: createSigner(folder),
    isRegion: (name) => inForce.gate().has(name),
    regionsWithin: (allowed) => inForce.gate().within(allowed),
    embedder: createTextEmbedder(inForce.parts),
    reranker: createTextReranker(inForce.parts),
    contextWriter: createContextWriter(inForce.parts),
    asker: {
      async ask({ model, prompt }, { principal, durationMsMax }) {
        const asked = { principal, face: 'search', model, prompt, oversight: 'exempt', durationMsMax } as const
        return (await askModel(inForce.parts(), asked)).complete.text
      },
    },
  })
  // Deletions that a dying process left unchecked; the next start tries again.
  knowledge.checkDeletions().catch((thrown: unknown) => {
    const reason = thrown instanceof Error ? thrown.message : 'unknown reason'
    parts.log.warn({ reason }, 'deletions could not be checked')
  })
  return knowledge
}
