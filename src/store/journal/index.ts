export { createJournal, type Journal, type JournalStats } from './journal.ts'
