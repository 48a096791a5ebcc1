export { createJournal, type Journal, type JournalStats } from './journal.ts'
export type { CallRow } from './decode.ts'
export type { Attendance, OpenedSideWork, SideDatabase, SideWork } from './messages.ts'
