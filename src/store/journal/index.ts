export { createJournal, type Journal, type JournalStats } from './journal.ts'
export { unknownName } from './interrupted.ts'
