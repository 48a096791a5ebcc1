import { z } from 'zod'
import { address, baseAddress } from './addresses.ts'

const regions = (does: string) =>
  z.array(z.string()).min(1).describe(`Regions in which it ${does}. What is not stated is not allowed.`)

/** A place on the network: where it is, and where what is sent there is processed and stored. */
const place = { processing: regions('processes requests'), storage: regions('stores them') }

const folderSource = z
  .strictObject({
    path: z.string().min(1).describe('The folder; relative paths start at the configuration file.'),
    watch: z.boolean().default(true).describe('Whether a change in it starts a sync, while the server runs.'),
  })
  .describe('A folder of this machine with everything below it. Hidden files and links are left out.')

const gitSource = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .optional()
      .describe('A repository on this machine, bare or not; it is read by the program git, never fetched.'),
    url: baseAddress()
      .optional()
      .describe('A repository elsewhere, instead of `path`: https://git.example.org/team/handbook.git.'),
    user: z.string().min(1).max(256).default('git').describe('Who signs in at `url`, by HTTP Basic, with `token`.'),
    token: z
      .string()
      .min(1)
      .optional()
      .describe('Its token or password, as ${GIT_TOKEN}; nobody signs in when absent.'),
    ref: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[\w./@^~-]+$/)
      .default('HEAD')
      .describe('What is read: a branch, a tag, a commit.'),
    extensions: z
      .array(z.string().regex(/^[a-z0-9+_-]{1,16}$/))
      .max(100)
      .default([])
      .describe('Files that are taken in besides those of known formats, as text: ts, py.'),
    bytesMax: z
      .int()
      .min(1_024)
      .max(1_073_741_824)
      .default(268_435_456)
      .describe('Most that is fetched from `url` at once, bytes, as it comes over the network.'),
    processing: regions('processes requests').optional(),
    storage: regions('stores them').optional(),
  })
  .refine(({ path, url }) => (path === undefined) !== (url === undefined), 'a repository is one of path, url')
  .refine(
    ({ url, processing, storage }) => url === undefined || (processing !== undefined && storage !== undefined),
    'a repository with a url states the regions in which it processes and stores (processing, storage)',
  )
  .describe('The files of one commit of a git repository, on this machine or over HTTP.')

const webSource = z
  .strictObject({
    url: address().describe(
      'Where it begins, shown as the name of its first page; only what lies below its last slash is read.',
    ),
    pagesMax: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_000)
      .describe('Most pages of one sync; with more nothing is deleted.'),
    delayMs: z
      .int()
      .min(0)
      .max(600_000)
      .default(1_000)
      .describe('Time between two requests, milliseconds; a longer crawl-delay of robots.txt holds instead.'),
    ...place,
  })
  .describe('A web site, as its robots.txt allows: sitemaps and links, with conditional requests.')

const s3Source = z
  .strictObject({
    url: baseAddress().describe('The bucket: https://s3.eu-central-1.amazonaws.com/bucket.'),
    region: z.string().min(1).max(64).default('us-east-1').describe('The region that requests are signed for.'),
    accessKey: z.string().min(1).describe('Id of the access key, as ${AWS_ACCESS_KEY_ID}.'),
    secretKey: z.string().min(1).describe('Its secret, as ${AWS_SECRET_ACCESS_KEY}.'),
    prefix: z.string().max(1_024).default('').describe('Only objects whose key begins so.'),
    ...place,
  })
  .describe('A bucket of S3 or what speaks its language.')

const webdavSource = z
  .strictObject({
    url: baseAddress().describe('The folder.'),
    user: z.string().optional().describe('Who signs in, by HTTP Basic; nobody when absent.'),
    password: z.string().optional().describe('The password, as ${DAV_PASSWORD}.'),
    ...place,
  })
  .describe('A folder over WebDAV (Nextcloud, SharePoint and others) with everything below it.')

const imapSource = z
  .strictObject({
    url: address(/^imaps?$/).describe(
      'The server: imaps://mail.example.org, or imap:// for one that becomes encrypted when asked (STARTTLS).',
    ),
    user: z.string().min(1).max(256).describe('Who signs in.'),
    password: z.string().min(1).describe('The password, always as a reference: ${MAIL_PASSWORD}.'),
    folders: z
      .array(z.string().min(1).max(512))
      .min(1)
      .max(100)
      .default(['INBOX'])
      .describe('Folders that are read: INBOX, Team/Decisions, Team/*. A star leaves out trash, junk and drafts.'),
    bytesMax: z
      .int()
      .min(1_024)
      .max(1_099_511_627_776)
      .default(4_294_967_296)
      .describe('Most that one sync reads, bytes; the next one goes on.'),
    ...place,
  })
  .describe('Messages of a mailbox over IMAP, with what is attached to them. Nothing is changed in it.')

const sourceSchema = z
  .strictObject({
    into: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,127}$/i)
      .describe('The collection that it fills; made when it is not there.'),
    tenant: z.string().min(1).max(128).default('default').describe('The tenant it belongs to.'),
    region: z.string().min(1).max(64).optional().describe('The region that its documents are bound to.'),
    everyMs: z
      .int()
      .min(10_000)
      .max(2_592_000_000)
      .optional()
      .describe('How often it is synchronised while the server runs, milliseconds; only when asked when absent.'),
    deleteShareMax: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe('A sync that would delete a larger share of its documents is held until it is confirmed.'),
    folder: folderSource.optional(),
    git: gitSource.optional(),
    web: webSource.optional(),
    s3: s3Source.optional(),
    webdav: webdavSource.optional(),
    imap: imapSource.optional(),
  })
  .refine(
    ({ folder, git, web, s3, webdav, imap }) =>
      [folder, git, web, s3, webdav, imap].filter((kind) => kind !== undefined).length === 1,
    'a source is exactly one of folder, git, web, s3, webdav, imap',
  )

export const sourcesSchema = z
  .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/), sourceSchema)
  .describe('Where documents come from by themselves, by name: folders, repositories, web sites, buckets, mailboxes.')
