import type { Recognition, RecogniseOptions } from './engine.ts'

export interface ToOcr extends RecogniseOptions {
  readonly id: number
  readonly picture: Uint8Array
}

export type FromOcr =
  | { readonly type: 'read'; readonly id: number; readonly recognition: Recognition }
  | {
      readonly type: 'failed'
      readonly id: number
      readonly reason: 'corrupt' | 'memory'
      /** Whether the engine cannot be used again. */
      readonly isBroken: boolean
    }
