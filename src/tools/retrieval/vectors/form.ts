import { PlatformError } from '../../../core/errors.ts'
import type { Embedded, EmbedKind } from '../../../core/model.ts'
import type { GenerationRow } from './store.ts'

type Formed = Pick<GenerationRow, 'model' | 'form'>

/** What a model is told that a text is; nothing where the texts of the generation are embedded as they stand. */
export function toKind({ form }: Pick<GenerationRow, 'form'>, kind: EmbedKind): EmbedKind | undefined {
  return form === '' ? undefined : kind
}

/** The form of the generation. Throws CONFLICT where the model has come to another: its vectors would not be comparable. */
export function checkForm({ model, form }: Formed, { form: given = '' }: Pick<Embedded, 'form'>): string {
  if (form === null || form === given) return given
  throw new PlatformError(
    'CONFLICT',
    `${model} tells questions from passages in another way than when this generation was begun: begin a new one`,
    { param: 'generation' },
  )
}
