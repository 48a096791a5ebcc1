import { createIds } from '../../../src/core/ids.ts'
import { createRootCall, type Call } from '../../../src/core/call.ts'
import { createChat, type ChatRequest, type ReasoningEffort } from '../../../src/core/chat.ts'
import { PlatformError, toPlatformError } from '../../../src/core/errors.ts'
import type { Answer, Model } from '../../../src/core/model.ts'
import { createSeededRandom, type Random } from '../../../src/core/random.ts'
import { pick } from '../../../src/core/testing.ts'
import { judgeTree, type Faults } from './judge.ts'
import { createNetworkWorld, createTestRouter, type NetworkWorld } from './world.ts'

export interface NetworkOptions {
  readonly trees: number
  readonly seed: number
  /** Requests to each tree. */
  readonly requestsPerTree: number
  readonly onTrees?: (done: number) => void
}

/** What random trees over random upstreams did, beside what they must never do. Counts. */
export interface NetworkOutcome extends Faults {
  readonly trees: number
  /** Drawn, but refused at load: each says which key and how to mend it. */
  readonly refused: number
  readonly requests: number
  readonly answered: number
  /** Answered with the best so far, because budget or time ended. */
  readonly cut: number
  readonly sends: number
  /** Nodes under a budget of their own, as they ran. */
  readonly budgets: number
}

type Counts = { -readonly [Key in keyof NetworkOutcome]: number }

const treesPerWorld = 40
const worldsAtOnce = 24

/** Draws trees of all kinds to depth 5, asks them under budgets of their own and of the request, and judges the record. */
export async function runNetwork(options: NetworkOptions): Promise<NetworkOutcome> {
  const counts: Counts = {
    trees: 0,
    refused: 0,
    requests: 0,
    answered: 0,
    cut: 0,
    sends: 0,
    budgets: 0,
    budgetsExceeded: 0,
    regionsLeft: 0,
    callsUncancelled: 0,
    deadlocks: 0,
    worstCaseBroken: 0,
    lateSends: 0,
    unexpected: 0,
  }
  const router = createTestRouter()
  const worlds = Math.ceil(options.trees / treesPerWorld)
  let next = 0
  const work = async (): Promise<void> => {
    while (next < worlds) {
      const world = next++
      const trees = Math.min(treesPerWorld, options.trees - world * treesPerWorld)
      const seed = options.seed * 1_000_003 + world
      await runWorld({ seed, router, trees, requestsPerTree: options.requestsPerTree }, counts)
      options.onTrees?.(counts.trees)
    }
  }
  await Promise.all(Array.from({ length: worldsAtOnce }, work))
  return counts
}

interface WorldPlan {
  readonly seed: number
  readonly router: ReturnType<typeof createTestRouter>
  readonly trees: number
  readonly requestsPerTree: number
}

async function runWorld({ seed, router, trees, requestsPerTree }: WorldPlan, counts: Counts): Promise<void> {
  const random = createSeededRandom(seed)
  const world = createNetworkWorld(random, router, trees)
  try {
    for (const tree of world.trees) {
      counts.trees++
      counts.refused += tree.refused
      for (let request = 0; request < requestsPerTree; request++)
        await runOne({ world, random, model: tree.model }, counts)
    }
  } finally {
    await world.close()
  }
}

interface Run {
  readonly world: NetworkWorld
  readonly random: Random
  readonly model: Model
}

async function runOne({ world, random, model }: Run, counts: Counts): Promise<void> {
  const { clock, upstreams } = world
  upstreams.reset()
  const call = createRootCall(
    { clock, ids: createIds({ clock, random }) },
    {
      name: model.id,
      principal: {
        tenant: pick(random, ['t1', 't2']),
        keyId: 'k',
        role: 'member',
        models: undefined,
        regions: undefined,
      },
      labels: { allowedRegions: world.allowedRegions },
      durationMsMax: 60_000,
      narrowRegions: world.meet,
      ...(random.next() < 0.3 ? { budget: { calls: 1 + Math.floor(random.next() * 20), tokens: 3_000 } } : {}),
    },
  )
  const reader = pick(random, ['read', 'read', 'read', 'leave', 'cancel', 'client leaves'] as const)
  const end: { value: End | undefined } = { value: undefined }
  void read(model, drawRequest(random), { call, reader }).then((ended) => (end.value = ended))
  const leavesAt = reader === 'client leaves' ? Math.floor(random.next() * 6) : -1
  const isDone = await drive(world, {
    isOver: () => end.value !== undefined,
    onTurn: (turn) => turn === leavesAt && call.cancel(left),
  })
  call.end({ status: 'ok' })
  counts.requests++
  counts.sends += upstreams.sends.length
  if (!isDone) {
    counts.deadlocks++
    return
  }
  if (end.value?.type === 'answered') counts.answered++
  if (end.value?.type === 'unexpected') counts.unexpected++
  if (call.facts.some(({ detail }) => detail?.['cut'] !== undefined)) counts.cut++
  const verdict = judgeTree({ call, model, sends: upstreams.sends, open: upstreams.open, places: world.places })
  counts.budgets += verdict.budgets
  for (const fault of Object.keys(verdict.faults) as (keyof typeof verdict.faults)[])
    counts[fault] += verdict.faults[fault] // its own keys
}

const left = new PlatformError('CANCELLED', 'the client left')

interface End {
  readonly type: 'answered' | 'failed' | 'unexpected'
}

interface Reading {
  readonly call: Call
  readonly reader: 'read' | 'leave' | 'cancel' | 'client leaves'
}

/** Defects show as INTERNAL; everything else that goes wrong is meant to. */
async function read(model: Model, request: ChatRequest, { call, reader }: Reading): Promise<End> {
  try {
    const answer: Answer = await model.answer(request, call)
    if (reader === 'cancel') answer.cancel(left)
    else
      for await (const _ of answer) {
        if (reader === 'leave') break
        if (call.cancellation.isCancelled) {
          answer.cancel(left)
          break
        }
      }
    return { type: 'answered' }
  } catch (thrown) {
    return { type: toPlatformError(thrown).code === 'INTERNAL' ? 'unexpected' : 'failed' }
  }
}

interface Driving {
  readonly isOver: () => boolean
  readonly onTurn: (turn: number) => unknown
}

/** Turns of the event loop without any progress after which nothing will move any more, timers of retries included. */
const idleTurnsMax = 400

/** Lets the tree run; moves time when it only waits. False when it will never end. */
async function drive({ upstreams }: NetworkWorld, { isOver, onTurn }: Driving): Promise<boolean> {
  let idle = 0
  let sent = upstreams.sends.length
  for (let turn = 0; !isOver(); turn++) {
    onTurn(turn)
    await new Promise((resolve) => setImmediate(resolve))
    if (upstreams.sends.length === sent) idle++
    else idle = 0
    sent = upstreams.sends.length
    // Back-off of no length still takes a turn of the timers.
    if (idle > 4 && upstreams.passTime()) idle = 0
    if (idle > 40) await new Promise((resolve) => setTimeout(resolve, 1))
    if (idle > idleTurnsMax) return false
  }
  return true
}

function drawRequest(random: Random): ChatRequest {
  const text = pick(random, [
    'What is 6 × 7?',
    '请计算 3 + 4。',
    'Summarize this long text for me. '.repeat(8),
    'Translate "hello" into French.',
  ])
  const reasoningEffort = pick<ReasoningEffort | undefined>(random, [undefined, undefined, 'low', 'high'])
  const outputTokensMax = random.next() < 0.4 ? 8 + Math.floor(random.next() * 100) : undefined
  const chat = createChat({
    messages: [{ role: 'user', parts: [{ type: 'text', text }] }],
    reasoningEffort,
    outputTokensMax,
  })
  return { model: 'm', stream: random.next() < 0.5, outputTokensMax, wire: undefined, chat }
}
