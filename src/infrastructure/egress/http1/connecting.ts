import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface ConnectingOptions {
  readonly origin: URL
  readonly connectMs: number
  /** Resolves the name of the origin; absent where it is an address. */
  readonly lookup: LookupFunction | undefined
  /** Certificates trusted instead of those that Node trusts, PEM. */
  readonly authorities?: readonly string[] | undefined
}

/** A connection that is open. */
export interface OpenSocket {
  readonly socket: Socket
  /** Gives all bytes that come, from now on. They are the listener's only while it is told, if `isBorrowed`. */
  onBytes(listener: (bytes: Buffer) => void): void
  /** What comes is read into memory that is used again for what comes next, on this connection and on others. */
  readonly isBorrowed: boolean
}

type Opened = (error: Error | undefined, opened?: OpenSocket) => void

const readBytes = 65_536

/** Opens connections to one origin, encrypted where it says https. */
export function createConnector(options: ConnectingOptions): (done: Opened) => () => void {
  const { origin, connectMs, lookup, authorities } = options
  const isSecure = origin.protocol === 'https:'
  const host = origin.hostname.replace(/^\[|\]$/g, '')
  const where = {
    host,
    port: Number(origin.port === '' ? (isSecure ? 443 : 80) : origin.port),
    autoSelectFamily: true,
    ...(lookup === undefined ? {} : { lookup }),
  }
  const secured = {
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(authorities === undefined ? {} : { ca: [...authorities] }),
    ALPNProtocols: ['http/1.1'],
  }
  const memory = isSecure ? undefined : Buffer.allocUnsafeSlow(readBytes)
  let session: Buffer | undefined

  function begin(onOpen: () => void): OpenSocket {
    if (memory !== undefined) return beginPlain(memory, onOpen)
    const resumed = session === undefined ? {} : { session }
    const socket = connectTls({ ...where, ...secured, ...resumed }, onOpen)
    // A later connection need not agree on keys again.
    socket.on('session', (given: Buffer) => {
      session = given
    })
    return { socket, isBorrowed: false, onBytes: (listener) => socket.on('data', listener) }
  }

  /** A buffer of its own for each piece that is read is what most garbage of a relayed answer would be. */
  function beginPlain(buffer: Buffer, onOpen: () => void): OpenSocket {
    let told: (bytes: Buffer) => void = () => undefined
    const callback = (count: number): boolean => {
      told(buffer.subarray(0, count))
      return true
    }
    const socket = connect({ ...where, onread: { buffer, callback } }, onOpen)
    return {
      socket,
      isBorrowed: true,
      onBytes(listener) {
        told = listener
      },
    }
  }

  return (done) => {
    let isOver = false
    const finish = (error?: Error): void => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      socket.off('error', finish)
      if (error === undefined) return done(undefined, opened)
      // A session that the server refuses is not offered again; whoever destroys a socket hears of its error no more.
      session = undefined
      socket.on('error', () => undefined).destroy()
      done(error)
    }
    const opened = begin(() => finish())
    const { socket } = opened
    // When the process was busy, the connection may be open already, and timers run ahead of what the system has to tell.
    const timer = setTimeout(() => setImmediate(() => finish(timedOut())), connectMs)
    socket.on('error', finish)
    return () => finish(new Error('no longer wanted'))
  }
}

function timedOut(): Error {
  return Object.assign(new Error('not connected in time'), { code: 'ETIMEDOUT' })
}
