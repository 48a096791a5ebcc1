export { readOdp } from './odp.ts'
export { readOds } from './ods.ts'
export { readOdt } from './odt.ts'
