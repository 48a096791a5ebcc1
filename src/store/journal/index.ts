export { createJournal, type Journal, type JournalStats } from './journal.ts'
export type { OpenedSideWork, OpenSideWork, SideWork } from './messages.ts'
