/** An id in a dialect's form, made from the call's: `call_01h…` becomes `chatcmpl-01h…`. */
export function toDialectId(prefix: string, callId: string): string {
  return prefix + callId.replace(/^call_/, '')
}
