// Runs after an installation, so that the next start finds compiled code (see bin/strata.js): has the real server answer, take in a document and
// search, which compiles what those need in all their threads, then loads what the commands are made of. Before that both are run once to note their
// modules, which are kept (bin/kept-modules.js). Once with the flags of commands and once with those of the
// server, because V8 takes no code that was compiled under other ones.
// JavaScript, because it is also met by a Node too old for TypeScript; that one, a folder that cannot be written and a machine
// without a port on loopback cost the first start a second and some memory, and nothing else.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import module from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A server that takes longer to start is not waited for. */
const serveMsMax = 20_000
const model = 'model'
const chat = { model, messages: [{ role: 'user', content: 'Hello' }] }
const requests = [
  { place: '/v1/chat/completions', body: chat },
  { place: '/v1/chat/completions', body: { ...chat, stream: true } },
  { place: '/v1/collections', body: { name: 'first' } },
  { place: '/v1/collections/first/documents', body: { external_id: 'first.md', text: '# First\n\nA document. 第一份文件。' } },
  { place: '/v1/collections/first/search', body: { query: 'document' } },
]

if (Number.parseInt(process.versions.node, 10) >= 24) {
  const kept = await import('../bin/kept-modules.js')
  // An installation does not fail by any of these: the first start says what is wrong.
  if (process.argv[2] === 'load') {
    module.enableCompileCache(kept.keptFolder)
    kept.useKeptModules()
    await loadAll()
  } else {
    if (!kept.isKept()) await keepModules().catch(() => undefined)
    await answerOnce([]).catch(() => undefined)
    await loadApart([])
  }
}

/** Has every module noted that a server and the commands load, and keeps them. */
async function keepModules() {
  const { keepModules: keep } = await import('./keep-modules.js')
  const folder = mkdtempSync(join(tmpdir(), 'strata-modules-'))
  const notes = join(folder, 'notes')
  try {
    process.env.STRATA_MODULE_NOTES = notes
    const noting = ['--import', new URL('note-modules.js', import.meta.url).href]
    await answerOnce(noting)
    await loadApart(noting)
    keep(notes)
  } finally {
    delete process.env.STRATA_MODULE_NOTES
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Loads what the commands are made of, in a process of its own. */
async function loadApart(flags) {
  const words = [...process.execArgv, ...flags, fileURLToPath(import.meta.url), 'load']
  await once(spawn(process.execPath, words, { stdio: 'ignore' }), 'close')
}

/** Starts the server, with further flags of Node, in a folder of its own, has it pass requests on to an endpoint in this process, and stops it as an operator does. */
async function answerOnce(flags) {
  const folder = mkdtempSync(join(tmpdir(), 'strata-install-'))
  const endpoint = createServer((request, response) => void answer(request, response))
  try {
    endpoint.listen(0, '127.0.0.1')
    await once(endpoint, 'listening')
    await serve(folder, { flags, config: toConfig(folder, endpoint.address().port) })
  } finally {
    endpoint.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function toConfig(folder, port) {
  const regions = { processing: ['local'], storage: ['local'] }
  return {
    server: { host: '127.0.0.1', port: 0 },
    store: { folder: join(folder, 'data') },
    endpoints: { own: { dialect: 'openai', url: `http://127.0.0.1:${port}/v1`, model, ...regions } },
    models: { [model]: { endpoint: 'own' } },
  }
}

async function serve(folder, { flags, config }) {
  const path = join(folder, 'strata.yaml')
  writeFileSync(path, JSON.stringify(config)) // JSON is YAML
  const key = `sk-strata-${randomBytes(24).toString('hex')}`
  const command = fileURLToPath(new URL('../bin/strata.js', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, ...flags, command, 'start', '--config', path], {
    env: { ...process.env, STRATA_ADMIN_KEY: key },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'close')
  const timer = setTimeout(() => child.kill('SIGKILL'), serveMsMax)
  try {
    const url = await readUrl(child.stdout)
    for (const { place, body } of requests) await post(`${url}${place}`, key, body)
  } finally {
    child.kill('SIGTERM')
    child.stdout.resume()
    await ended
    clearTimeout(timer)
  }
}

/** Where the server says that it serves. Rejects when it ends before. */
async function readUrl(stdout) {
  let said = ''
  for await (const part of stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += part
    const url = /"url":"(http:[^"]+)"/.exec(said)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('the server ended before it served')
}

async function post(url, key, body) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  await response.text()
}

/** What an endpoint of the OpenAI dialect answers, whole or as a stream. */
async function answer(request, response) {
  let body = ''
  for await (const part of request.setEncoding('utf8')) body += part
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  const message = { role: 'assistant', content: 'Hello' }
  if (JSON.parse(body).stream !== true) {
    const choices = [{ index: 0, message, finish_reason: 'stop' }]
    const whole = { id: 'answer', object: 'chat.completion', created: 0, model, choices, usage }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const base = { id: 'answer', object: 'chat.completion.chunk', created: 0, model }
  const events = [
    { ...base, choices: [{ index: 0, delta: message, finish_reason: null }] },
    { ...base, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { ...base, choices: [], usage },
  ]
  for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`)
  response.end('data: [DONE]\n\n')
}

async function loadAll() {
  const { verbs } = await import('../src/applications/cli/index.ts')
  await Promise.all(verbs.map((verb) => verb.load()))
  await import('../src/applications/http/index.ts')
  await import('../src/platform/platform.ts')
  await import('../src/platform/probe.ts')
}
