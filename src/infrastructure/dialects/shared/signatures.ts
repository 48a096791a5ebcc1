/**
 * A vendor's proof of its own reasoning is worth something only to that vendor. In the normal form it carries the name
 * of where it came from, so that it is handed back there, and nowhere else, in a later turn. Clients of another dialect
 * hold it for us in the same form.
 */

/**
 * In every seal, and in the id of every reasoning that Strata made up: how a body is known to hold one. It begins with a
 * rare letter, because every body is searched for it.
 */
export const sealMark = 'Zstrata-seal'

/** What stands for a signature towards a client whose dialect demands one, where there is none. */
export const emptySeal = `${sealMark}:none:`

/** The signature as the normal form holds it. `origin` is a dialect's id, or a vendor's name where a vendor has its own. */
export function sealSignature(origin: string, signature: string): string {
  return `${sealMark}:${origin}:${signature}`
}

/** The vendor's own signature when it came from `origin`, else `undefined`. */
export function openSignature(origin: string, sealed: string | undefined): string | undefined {
  const head = `${sealMark}:${origin}:`
  return sealed?.startsWith(head) === true ? sealed.slice(head.length) : undefined
}

/** Whether a signature that a client hands back says where it came from; no vendor's does. */
export function isSealed(signature: string): boolean {
  return signature.startsWith(`${sealMark}:`)
}
