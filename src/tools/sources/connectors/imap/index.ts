export { createImapConnector, type ImapOptions } from './imap.ts'
export { fromMailboxName, toMailboxName } from './names.ts'
