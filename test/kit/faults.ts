import type { Behaviour } from './behaviour.ts'

/** One way of an endpoint to misbehave, and how far it gets before it does. */
export interface Fault {
  /** What the endpoint does, as the rest of the sentence "an endpoint that …". */
  readonly name: string
  readonly behaviour: Behaviour
  /** Whether it shows in whole answers, in streams, or in both. */
  readonly shows: 'whole' | 'stream' | 'both'
  /**
   * `none`: an answer that a tolerant client can read in full · `before-answer`: fails before the first byte of content,
   * so that another endpoint may still answer · `mid-answer`: fails after content has been sent.
   */
  readonly harm: 'none' | 'before-answer' | 'mid-answer'
  /** True when only a timeout ends it. */
  readonly hangs: boolean
}

/** Every fault of the kit, for tests that go through them all. `nowMs` (UTC) anchors the hints that are dates. */
export function listFaults(nowMs: number): readonly Fault[] {
  return [...listQuirks(), ...listRefusals(nowMs), ...listBrokenAnswers(), ...listBrokenStreams()]
}

/** Odd, but readable to the end. */
function listQuirks(): readonly Fault[] {
  const quirk = (name: string, behaviour: Behaviour, shows: Fault['shows'] = 'stream'): Fault => ({
    name,
    behaviour,
    shows,
    harm: 'none',
    hangs: false,
  })
  return [
    quirk('sends the head late', { headDelayMs: 100 }, 'both'),
    quirk('sends the first token late', { firstEventDelayMs: 100 }),
    quirk('pauses in the middle', { stall: { afterEvents: 3, durationMs: 100 } }),
    quirk('splits every character over writes', { writeBytes: 1 }, 'both'),
    quirk('ends lines with CR', { sse: { lineEnd: '\r' } }),
    quirk('ends lines with CRLF', { sse: { lineEnd: '\r\n' } }),
    quirk('starts with a byte order mark', { sse: { bom: true } }),
    quirk('comments before every event', { sse: { comments: true } }),
    quirk('spreads JSON over several data lines', { sse: { multiLine: true } }),
    quirk('puts no space after the colon', { sse: { withoutSpace: true } }),
    quirk('leaves out the last blank line', { sse: { withoutLastBlankLine: true } }),
    quirk('pads its JSON with spaces', { sse: { trailingSpaces: true } }),
    quirk('reports no usage', { usage: 'none' }, 'both'),
    quirk('reports usage unasked', { usage: 'always' }),
    quirk('reports usage late', { usage: 'late' }),
    quirk('reports usage on every event', { usage: 'every-event' }),
    quirk('sends an event of 300 KB', { script: { textDeltas: ['x'.repeat(300_000), '末'] } }),
    quirk('ends the body by closing the connection', { framing: 'close' }, 'both'),
    quirk('sends a whole answer in chunks', { framing: 'chunked' }, 'whole'),
  ]
}

/** A status that refuses, with every form of hint when to come back. */
function listRefusals(nowMs: number): readonly Fault[] {
  const refusal = (name: string, behaviour: Behaviour): Fault => ({
    name,
    behaviour,
    shows: 'both',
    harm: 'before-answer',
    hangs: false,
  })
  return [
    refusal('is rate limited without a hint', { status: 429 }),
    refusal('is rate limited for a second', { status: 429, retryHint: { type: 'seconds', seconds: 1 } }),
    refusal('is rate limited until a date', { status: 429, retryHint: { type: 'date', atMs: nowMs + 2_000 } }),
    refusal('is rate limited for some milliseconds', { status: 429, retryHint: { type: 'milliseconds', ms: 40 } }),
    refusal('says when its limit resets', { status: 429, retryHint: { type: 'reset', value: '1s' } }),
    refusal('says in words when to try again', { status: 429, retryHint: { type: 'message', seconds: 1.5 } }),
    refusal('says in the body when to try again', { status: 429, retryHint: { type: 'retry-info', seconds: 1 } }),
    refusal('is unavailable', { status: 503, retryHint: { type: 'seconds', seconds: 1 } }),
    refusal('is overloaded', { status: 529 }),
    refusal('fails', { status: 500 }),
    refusal('answers an HTML error page', {
      status: 502,
      body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
      contentType: 'text/html',
    }),
    refusal('refuses the credential', { status: 401, error: { type: 'authentication_error', message: 'bad key' } }),
    refusal('redirects to another origin', { redirectTo: 'http://127.0.0.2:9/v1/chat/completions' }),
  ]
}

/** Answers that are none. */
function listBrokenAnswers(): readonly Fault[] {
  const broken = (name: string, behaviour: Behaviour, hangs = false): Fault => ({
    name,
    behaviour,
    shows: 'both',
    harm: 'before-answer',
    hangs,
  })
  return [
    broken('never answers', { silent: true }, true),
    broken('resets the connection before the head', { cut: { at: 'head', how: 'reset' } }),
    broken('closes the connection before the head', { cut: { at: 'head', how: 'close' } }),
    broken('speaks no HTTP', { raw: 'SSH-2.0-OpenSSH_9.9\r\n' }),
    broken('answers JSON null', { json: null }),
    broken('answers an empty body', { body: '' }),
    broken('answers HTML with status 200', { body: '<html>welcome</html>', contentType: 'text/html' }),
    broken('answers bytes that are no text', { body: new Uint8Array([0xff, 0xfe, 0x00, 0x80]) }),
    { ...broken('resets in the middle of a whole answer', { cut: { at: 40, how: 'reset' } }), shows: 'whole' },
    { ...broken('closes in the middle of a whole answer', { cut: { at: 40, how: 'close' } }), shows: 'whole' },
    { ...broken('ends a whole answer in the middle', { cut: { at: 40, how: 'end' } }), shows: 'whole' },
  ]
}

/** Streams that do not reach their end. Events 0 and 1 open the stream; by event 6 every dialect has sent content. */
function listBrokenStreams(): readonly Fault[] {
  const script = {
    text: 'A text of some length, so that there is a middle to break off in. 要够长，才有中间。'.repeat(4),
  }
  const broken = (name: string, behaviour: Behaviour, hangs = false): Fault => ({
    name,
    behaviour: { script, ...behaviour },
    shows: 'stream',
    harm: 'mid-answer',
    hangs,
  })
  const opening = (name: string, behaviour: Behaviour, hangs = false): Fault => ({
    ...broken(name, behaviour, hangs),
    harm: 'before-answer',
  })
  return [
    opening('sends a head and no event', { firstEventDelayMs: Infinity }, true),
    opening('ends the stream before the first event', { endAfterEvents: 0 }),
    opening('reports an error as its first event', { errorAfterEvents: 0, error: { message: 'no capacity' } }),
    broken('stalls in the middle', { stall: { afterEvents: 6, durationMs: Infinity } }, true),
    broken('resets in the middle', { cut: { at: 3_000, how: 'reset' } }),
    broken('closes in the middle', { cut: { at: 3_000, how: 'close' } }),
    broken('ends the body in the middle of an event', { cut: { at: 3_000, how: 'end' } }),
    broken('ends the stream in the middle', { endAfterEvents: 6 }),
    broken('leaves out the event that ends the stream', { withoutTerminator: true }),
    broken('reports an error inside the stream', { errorAfterEvents: 6, error: { message: 'lost a worker' } }),
    broken('sends garbage as an event', { insert: { afterEvents: 6, bytes: 'data: {"choices": [oops\n\n' } }),
    broken('sends bytes that are no UTF-8', {
      insert: { afterEvents: 6, bytes: new Uint8Array([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xfe, 0x0a, 0x0a]) },
    }),
  ]
}
