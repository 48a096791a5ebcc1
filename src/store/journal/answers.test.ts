import { copyFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AnswerReference } from '../../core/ports-lookups.ts'
import { createIntent, createTree } from '../fixtures/trees.ts'
import { describeEngines, type Place } from '../testing.ts'

/** So long that nothing is folded unless somebody asks. */
const never = { foldMs: 60_000 }
const answer: AnswerReference = {
  id: 'gen-1',
  lookup: 'openrouter',
  origin: 'https://openrouter.ai',
  regions: ['eu', 'local'],
}
const unasked: AnswerReference = { id: 'msg_1', lookup: 'none' }

describeEngines('ids of answers', (open) => {
  test.each(['in the same fold as the intent', 'in a later one'])(
    'outlive the process, written %s, also when the intent is said again',
    async (when) => {
      const [place, dead] = [await open.createPlace(), await open.createPlace()]
      const dying = await open({ place: when === 'in a later one' ? place : dead, config: never })
      for (const number of [1, 2, 3]) dying.recorder.intend(createIntent('call_a', number))
      if (when === 'in a later one') await dying.flush()
      dying.recorder.identify({ rootId: 'call_a', callId: 'call_a.1', answer })
      dying.recorder.identify({ rootId: 'call_a', callId: 'call_a.2', answer: unasked })
      dying.recorder.intend({ ...createIntent('call_a', 1), charges: [{ purse: 1, amount: 5n }] })
      if (when === 'in a later one') {
        await dying.flush()
        const [kept] = await dying.sql.selectFrom('intent').selectAll().orderBy('call_id').execute()
        expect(JSON.parse(kept?.answer ?? '')).toEqual(answer)
        expect(kept?.charges).toBe('1:5')
        await dying.sql.deleteFrom('journal').execute() // what is folded is told by its place: here everything is folded anew
        await dying.sql.deleteFrom('intent').execute()
        copyJournal(place, dead)
      }
      const store = await open({ place: when === 'in a later one' ? dead : copyTo(dead, await open.createPlace()) })
      await store.flush()
      const [, first, second, third] = await store.calls.find('default', 'call_a')
      const reason = 'the process ended before the call'
      expect(first?.detail).toEqual({ reason, answer })
      expect(second?.detail).toEqual({ reason, answer: unasked })
      expect(third?.detail).toEqual({ reason })
      const asked = await store.sql.selectFrom('call_lookup').selectAll().execute()
      expect(asked).toMatchObject([
        { tenant: 'default', call_id: 'call_a.1', endpoint: 'laptop', state: 'open', attempts: 0 },
      ])
      expect(JSON.parse(asked[0]?.answer ?? '')).toEqual(answer)
    },
  )

  test('leave nothing behind where the usage was reported', async () => {
    const store = await open({ config: never })
    store.recorder.intend(createIntent('call_a', 1))
    store.recorder.identify({ rootId: 'call_a', callId: 'call_a.1', answer })
    await store.flush()
    store.recorder.settle(createTree('call_a'))
    await store.flush()
    expect(await store.sql.selectFrom('intent').selectAll().execute()).toEqual([])
    expect(await store.sql.selectFrom('call_lookup').selectAll().execute()).toEqual([])
    expect((await store.calls.find('default', 'call_a')).map(({ status }) => status)).toEqual(['ok', 'ok'])
  })
})

function copyTo(from: Place, to: Place): Place {
  copyJournal(from, to)
  return to
}

function copyJournal(from: Place, to: Place): void {
  for (const name of readdirSync(from.folder).filter((each) => /^journal-.*\.log$/.test(each))) {
    copyFileSync(join(from.folder, name), join(to.folder, name))
  }
}
