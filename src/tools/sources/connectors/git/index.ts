export { createGitConnector, type GitOptions } from './local.ts'
export { createRemoteGitConnector, type RemoteGitOptions } from './remote.ts'
export { readPack, type GitObject, type Pack } from './pack.ts'
