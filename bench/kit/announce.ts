import type { Server } from 'node:net'
import { listenOnLoopback } from '../../src/core/testing.ts'

/** Listens on loopback and prints the port as the line that `readPort` waits for. */
export async function announce(server: Server, port = 0): Promise<void> {
  process.stdout.write(`${JSON.stringify({ port: await listenOnLoopback(server, port) })}\n`)
}
