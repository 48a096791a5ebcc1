/**
 * A vendor's proof of its own reasoning is worth something only to that vendor. In the normal form it carries the
 * name of where it came from, so that it is handed back there, and nowhere else, in a later turn.
 */

/** The signature as the normal form holds it. `origin` is a dialect's id, or a vendor's name where a vendor has its own. */
export function sealSignature(origin: string, signature: string): string {
  return `${origin}:${signature}`
}

/** The vendor's own signature when it came from `origin`, else `undefined`. */
export function openSignature(origin: string, sealed: string | undefined): string | undefined {
  return sealed?.startsWith(`${origin}:`) === true ? sealed.slice(origin.length + 1) : undefined
}

const sealPattern = /^[a-z][a-z0-9-]*:/

/** Whether a signature that a client hands back says where it came from; base64 has no colon, so no vendor's does. */
export function isSealed(signature: string): boolean {
  return sealPattern.test(signature)
}
