/** Filled by the platform: signs statements with the key of this installation. */
export interface Signer {
  /** Ed25519, SPKI in PEM: what a stranger checks the signatures with. */
  readonly publicKey: string
  /** Base64. */
  sign(statement: string): string
}
