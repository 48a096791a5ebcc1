export { createJournal, type Journal, type JournalStats } from './journal.ts'
export type { OpenedSideWork, SideDatabase, SideWork } from './messages.ts'
