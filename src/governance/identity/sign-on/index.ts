export { createSignOn, sessionPrefix, type AskProvider, type SignOn } from './sign-on.ts'
