import { createSigner } from './platform-signing.ts'
import { createKnowledge, type Knowledge } from './tools/index.ts'

type KnowledgeDeps = Omit<Parameters<typeof createKnowledge>[0], 'signer'> & { readonly folder: string }

/** Knowledge whose receipts are signed with the key of this installation. */
export function openKnowledge({ folder, ...parts }: KnowledgeDeps): Knowledge {
  const knowledge = createKnowledge({ ...parts, signer: createSigner(folder) })
  // Deletions that a dying process left unchecked; the next start tries again.
  knowledge.checkDeletions().catch((thrown: unknown) => {
    const reason = thrown instanceof Error ? thrown.message : 'unknown reason'
    parts.log.warn({ reason }, 'deletions could not be checked')
  })
  return knowledge
}
