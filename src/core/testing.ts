import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import type { CallFacts } from './call.ts'
import type { Random } from './random.ts'
import type { Clock } from './time.ts'

/** For tests only: the facts of a request that was answered and of which nothing more is known, with what is wanted different. */
export function createFacts(known: Partial<CallFacts> & Pick<CallFacts, 'id'>): CallFacts {
  return {
    rootId: known.id,
    parentId: undefined,
    kind: 'request',
    name: 'everyday',
    tenant: 'default',
    keyId: 'key_1',
    startedAtMs: 0,
    durationMs: 1,
    firstByteMs: undefined,
    status: 'ok',
    errorCode: undefined,
    vendorModel: undefined,
    regions: undefined,
    usage: undefined,
    cost: undefined,
    priceVersion: undefined,
    detail: undefined,
    ...known,
  }
}

/** For tests only: a clock of which each look takes a millisecond, so that work has its length by its looks. */
export function createTickingClock(): Clock {
  let elapsedMs = 0
  return { now: () => 0, monotonicMs: () => ++elapsedMs }
}

/** For tests and benchmarks only: the port of 127.0.0.1 that a server listens on from now, any that is free unless one is named. Rejects where it is taken. */
export async function listenOnLoopback(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port // a TCP server that listens has one
}

/** For tests and benchmarks only: a port of 127.0.0.1 that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer()
  const port = await listenOnLoopback(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** For tests and scorecards only: one of a list, each as probable as the others; takes one number of the source. Throws when there is none. */
export function pick<Item>(random: Random, list: readonly Item[]): Item {
  if (list.length === 0) throw new RangeError('there is nothing to pick from')
  return list[Math.floor(random.next() * list.length)] as Item // the index lies within the list
}
