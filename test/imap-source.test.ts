import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { imapUser, startImapServer, type ImapServer } from './kit/imap-server.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

const local = { processing: ['local'], storage: ['local'] }
/** 团队/决定, as it is sent. */
const decisions = '&VuKWHw-/&UbNbmg-'

function mail(subject: string, text: string): string {
  const table = Buffer.from('city,rate\nZurich,210\n').toString('base64')
  return [
    'From: Anna <anna@example.org>',
    `Subject: =?utf-8?B?${Buffer.from(subject).toString('base64')}?=`,
    'Content-Type: multipart/mixed; boundary=part',
    '',
    '--part',
    'Content-Type: text/plain; charset=utf-8',
    '',
    text,
    '--part',
    'Content-Type: text/csv; name=rates.csv',
    'Content-Disposition: attachment; filename=rates.csv',
    'Content-Transfer-Encoding: base64',
    '',
    table,
    '--part--',
    '',
  ].join('\r\n')
}

describe.each([
  ['that counts changes', { isCounting: true }],
  ['that does not', { isCounting: false }],
])('a mailbox on a server %s', (_, options) => {
  let server: ImapServer
  let strata: RunningStrata

  beforeAll(async () => {
    server = await startImapServer(options)
    for (let index = 1; index <= 10; index++)
      server.deliver('INBOX', mail(`Decision ${index}`, `We chose plan ${index}.`))
    server.deliver('INBOX', mail('A long one', 'word '.repeat(12_000)))
    server.deliver(decisions, mail('差旅标准', '苏黎世每晚不超过二百一十法郎。'))
    server.deliver('Junk', mail('Buy', 'Buy this watch now.'))
    const junk = server.folders.get('Junk')
    if (junk !== undefined) junk.flags = '\\Junk'
    const at = { url: `imap://127.0.0.1:${server.port}`, user: imapUser.user, password: '${MAIL_PASSWORD}', ...local }
    strata = await startStrata({
      environment: { MAIL_PASSWORD: imapUser.password, WRONG: 'wrong-secret' },
      config: {
        knowledge: { documentBytesMax: 50_000 },
        sources: {
          mail: { into: 'mail', imap: { ...at, folders: ['*'] } },
          stranger: { into: 'none', imap: { ...at, password: '${WRONG}' } },
          missing: { into: 'none', imap: { ...at, folders: ['Decisions'] } },
          far: { into: 'none', imap: { ...at, processing: ['us'] } },
          narrow: { into: 'none', imap: { ...at, bytesMax: 3_000 } },
        },
      },
    })
  })

  afterAll(async () => {
    await strata.close()
    await server.close()
  })

  async function synchronise(name: string, body: object = {}): Promise<JsonObject> {
    expect((await strata.request(`/v1/sources/${name}/sync`, body)).status).toBe(202)
    const events = (await (await strata.request(`/v1/sources/${name}/events`)).text()).split('\n\n')
    return JSON.parse(events.at(-3)?.slice('data: '.length) ?? '') as JsonObject // the shape of events, which other tests check
  }

  async function search(query: string): Promise<string> {
    return (await strata.request('/v1/collections/mail/search', { query })).text()
  }

  test('is taken in with the parts of its messages, without junk, and what is too large is refused', async () => {
    expect(await synchronise('mail')).toMatchObject({ state: 'done', counts: { created: 11, refused: 1, failed: 0 } })
    expect(await search('plan 7')).toContain('Decision 7')
    expect(await search('Zurich rate')).toContain('rates.csv')
    expect(await search('苏黎世每晚')).toContain('二百一十')
    expect(await search('watch')).not.toContain('Buy this')
    const source = await (await strata.request('/v1/sources/mail')).json()
    expect(source).toMatchObject({
      kind: 'imap',
      faults: [{ item: 'INBOX/7/11', reason: expect.stringContaining('50000') }],
    })
    expect(JSON.stringify(source)).not.toContain('secret')
  })

  test('is not read again while nothing has changed', async () => {
    const before = server.commands.length
    expect(await synchronise('mail')).toMatchObject({
      state: 'done',
      counts: { unchanged: 12, created: 0, refused: 0 },
    })
    const asked = server.commands.slice(before)
    expect(asked.filter((command) => command.startsWith('UID FETCH'))).toEqual([])
    expect(asked.includes('UID SEARCH UNDELETED')).toBe(!options.isCounting)
  })

  test('gives new messages, and those that are removed or marked are deleted with a receipt', async () => {
    server.deliver('INBOX', mail('Decision 12', 'We chose the twelfth plan.'))
    server.remove('INBOX', 3)
    server.markDeleted('INBOX', 4)
    expect(await synchronise('mail')).toMatchObject({
      state: 'done',
      counts: { created: 1, deleted: 2, unchanged: 10 },
    })
    expect(await search('plan 3')).not.toContain('We chose plan 3.')
    expect(await search('twelfth plan')).toContain('twelfth')
    const { data } = (await (await strata.request('/v1/receipts')).json()) as { readonly data: readonly unknown[] }
    expect(data).toHaveLength(2)
  })

  test('whose numbers are no longer valid is held, since all would be deleted', async () => {
    const inbox = server.folders.get('INBOX')
    if (inbox === undefined) throw new Error('there is no inbox')
    inbox.validity++
    expect(await synchronise('mail')).toMatchObject({ state: 'held', counts: { missing: 10 } })
    expect(await synchronise('mail', { confirm: true })).toMatchObject({ state: 'done', counts: { deleted: 10 } })
    expect(await search('plan 7')).toContain('Decision 7')
  })

  test('says why it cannot be read, without the password, and is not reached outside its regions', async () => {
    const before = server.commands.length
    expect(await synchronise('far')).toMatchObject({ state: 'failed', reason: expect.stringContaining('us') })
    expect(server.commands).toHaveLength(before)
    expect(await synchronise('stranger')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('imap.password'),
    })
    expect(await synchronise('missing')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('团队/决定'),
    })
    expect(await synchronise('narrow')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('3000 bytes'),
    })
    const said = await (await strata.request('/v1/sources')).text()
    expect(said + strata.logLines.join('\n')).not.toContain('secret')
  })
})
