export { createGuards, type Guards } from './guards.ts'
