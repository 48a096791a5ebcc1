/** A process that takes in, deletes and shuts documents and says what it does, each line before the next act, until it is killed. */
import { writeSync } from 'node:fs'
import { setInterval } from 'node:timers'
import { createSystemClock } from '../../../src/core/time.ts'
import type { Knowledge } from '../../../src/tools/retrieval/index.ts'
import { openKnowledge, tenant } from '../../kit/knowledge.ts'
import { noteWriter, toAccess, toText, type Act, type Plan } from './acts.ts'

const plan = JSON.parse(process.argv[2] ?? '{}') as Plan // written by the run that started this process
const opening = { ...plan, clock: createSystemClock(), searchOn: 'same-thread', contextWriter: noteWriter } as const
const { knowledge } = await openKnowledge(opening)
for (const [number, act] of plan.acts.entries()) {
  // At once, so that what has been said is known of a process that is dead.
  writeSync(1, `begun ${number}\n`)
  await run(knowledge, act)
  writeSync(1, `done ${number}\n`)
}
setInterval(() => undefined, 60_000)

async function run(knowledge: Knowledge, act: Act): Promise<void> {
  const { externalId } = act
  if (act.type === 'put') {
    const document = { externalId, name: `${externalId}.md`, bytes: Buffer.from(toText(act.word)) }
    await knowledge.putDocument(tenant, 'shared', document)
    return
  }
  const known = await knowledge.findDocument(tenant, 'shared', externalId)
  if (known === undefined) return
  if (act.type === 'delete') await knowledge.deleteDocument(tenant, 'shared', known.id)
  else await knowledge.setAccess({ tenant, collection: 'shared', document: known.id, access: toAccess(act.isOpen) })
}
