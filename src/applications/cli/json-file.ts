import type { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { readBytes } from './files.ts'

/** The JSON of a file or of standard input (`-`). Rejects with INVALID_JSON naming the file. */
async function readJsonFile(path: string, bytesMax: number): Promise<unknown> {
  const text = (await readBytes(path, bytesMax)).toString('utf8')
  try {
    return JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : 'unknown reason'
    throw new PlatformError('INVALID_JSON', `${path} is not JSON: ${reason}`, { cause })
  }
}

/** The same by a schema. Rejects with INVALID_REQUEST naming the first member at fault. */
export async function readAs<Value>(schema: z.ZodType<Value>, path: string, bytesMax: number): Promise<Value> {
  const parsed = schema.safeParse(await readJsonFile(path, bytesMax))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = issue?.path.join('.') ?? ''
  const where = place === '' ? path : `${path}: ${place}`
  throw new PlatformError('INVALID_REQUEST', `${where}: ${issue?.message ?? 'not understood'}`, { param: place })
}
