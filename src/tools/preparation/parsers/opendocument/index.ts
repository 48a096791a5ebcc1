export { readOdt } from './odt.ts'
