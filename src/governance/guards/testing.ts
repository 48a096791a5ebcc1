import { crc32 } from 'node:zlib'
import type { Random } from '../../core/random.ts'
import { toBase62, toBech32Tail } from './secrets/checks.ts'

const lower = 'abcdefghijklmnopqrstuvwxyz'
const upper = lower.toUpperCase()
const digit = '0123456789'
const alnum = upper + lower + digit
const hex = '0123456789abcdef'
const base32 = `${upper}234567`
const url64 = `${alnum}-_`

/** Makes secrets of every type by chance, as their vendors do, for tests and measurements. None of them opens anything. */
export const secretMakers: Readonly<Record<string, (random: Random) => string>> = {
  'openai-key': (random) => `sk-proj-${pick(random, url64, 74)}T3BlbkFJ${pick(random, url64, 74)}`,
  'anthropic-key': (random) => `sk-ant-api03-${pick(random, url64, 93)}AA`,
  'openrouter-key': (random) => `sk-or-v1-${pick(random, hex, 64)}`,
  'strata-key': (random) => `sk-strata-${pick(random, alnum, 8)}-${pick(random, url64, 43)}`,
  'model-key': (random) => (random.next() < 0.5 ? `sk-${pick(random, hex, 32)}` : `sk-${pick(random, alnum, 48)}`),
  'google-key': (random) => `AIza${pick(random, url64, 35)}`,
  'huggingface-token': (random) => `hf_${pick(random, upper + lower, 34)}`,
  'groq-key': (random) => `gsk_${pick(random, alnum, 52)}`,
  'xai-key': (random) => `xai-${pick(random, alnum, 80)}`,
  'perplexity-key': (random) => `pplx-${pick(random, alnum, 48)}`,
  'replicate-token': (random) => `r8_${pick(random, alnum, 37)}`,
  'zhipu-key': (random) => `${pick(random, hex, 32)}.${pick(random, alnum, 16)}`,
  'aws-access-key': (random) => `AKIA${pick(random, base32, 16)}`,
  'aliyun-access-key': (random) => `LTAI${pick(random, alnum, 20)}`,
  'tencent-secret-id': (random) => `AKID${pick(random, alnum, 32)}`,
  'volcengine-access-key': (random) => `AKLT${pick(random, alnum, 47)}`,
  'azure-storage-key': (random) => `AccountKey=${pick(random, `${alnum}+/`, 86)}==`,
  'google-oauth-secret': (random) => `GOCSPX-${pick(random, url64, 28)}`,
  'google-oauth-token': (random) => `ya29.${pick(random, url64, 180)}`,
  'digitalocean-token': (random) => `dop_v1_${pick(random, hex, 64)}`,
  'databricks-token': (random) => `dapi${pick(random, hex, 32)}`,
  'github-token': (random) => withCrc('ghp_', pick(random, alnum, 30)),
  'gitlab-token': (random) => `glpat-${pick(random, url64, 20)}`,
  'npm-token': (random) => withCrc('npm_', pick(random, alnum, 30)),
  'pypi-token': (random) => `pypi-AgEIcHlwaS5vcmc${pick(random, url64, 150)}`,
  'slack-token': (random) => `xoxb-${pick(random, digit, 12)}-${pick(random, digit, 13)}-${pick(random, alnum, 24)}`,
  'slack-webhook': (random) =>
    `hooks.slack.com/services/T${pick(random, upper + digit, 10)}/B${pick(random, upper + digit, 10)}/${pick(random, alnum, 24)}`,
  'stripe-key': (random) => `sk_live_${pick(random, alnum, 24)}`,
  'sendgrid-key': (random) => `SG.${pick(random, url64, 22)}.${pick(random, url64, 43)}`,
  'twilio-key': (random) => `SK${pick(random, hex, 32)}`,
  'telegram-token': (random) => `${pick(random, '123456789', 9)}:AA${pick(random, url64, 33)}`,
  'discord-token': (random) => `M${pick(random, alnum, 23)}.${pick(random, url64, 6)}.${pick(random, url64, 27)}`,
  'shopify-token': (random) => `shpat_${pick(random, hex, 32)}`,
  'notion-token': (random) => `ntn_${pick(random, alnum, 46)}`,
  'linear-key': (random) => `lin_api_${pick(random, alnum, 40)}`,
  'supabase-key': (random) => `sbp_${pick(random, hex, 40)}`,
  'nvidia-key': (random) => `nvapi-${pick(random, url64, 64)}`,
  'pinecone-key': (random) => `pcsk_${pick(random, alnum, 6)}_${pick(random, alnum, 63)}`,
  'langsmith-key': (random) => `lsv2_pt_${pick(random, hex, 32)}_${pick(random, hex, 10)}`,
  'langfuse-key': (random) => `sk-lf-${uuid(random)}`,
  'aws-bedrock-key': (random) => `ABSK${pick(random, `${alnum}+/`, 128)}`,
  'azure-client-secret': (random) => `${pick(random, alnum, 3)}8Q~${pick(random, alnum, 34)}`,
  'heroku-key': (random) => `HRKU-AA${pick(random, url64, 58)}`,
  'planetscale-token': (random) => `pscale_tkn_${pick(random, url64, 43)}`,
  'flyio-token': (random) => `fo1_${pick(random, url64, 43)}`,
  'vault-token': (random) => `hvs.${pick(random, url64, 91)}`,
  '1password-token': (random) => `ops_eyJ${pick(random, alnum, 400)}`,
  'doppler-token': (random) => `dp.pt.${pick(random, alnum, 43)}`,
  'pulumi-token': (random) => `pul-${pick(random, hex, 40)}`,
  'terraform-token': (random) => `${pick(random, alnum, 14)}.atlasv1.${pick(random, alnum, 67)}`,
  'tailscale-key': (random) => `tskey-auth-${pick(random, alnum, 12)}-${pick(random, alnum, 32)}`,
  'grafana-token': (random) => `glsa_${pick(random, alnum, 32)}_${pick(random, hex, 8)}`,
  'newrelic-key': (random) => `NRAK-${pick(random, upper + digit, 27)}`,
  'sentry-token': (random) => `sntryu_${pick(random, hex, 64)}`,
  'dynatrace-token': (random) => `dt0c01.${pick(random, upper + digit, 24)}.${pick(random, upper + digit, 64)}`,
  'launchdarkly-key': (random) => `sdk-${uuid(random)}`,
  'rubygems-key': (random) => `rubygems_${pick(random, hex, 48)}`,
  'artifactory-key': (random) => `AKCp${pick(random, alnum, 69)}`,
  'postman-key': (random) => `PMAK-${pick(random, hex, 24)}-${pick(random, hex, 34)}`,
  'atlassian-token': (random) => `ATATT3${pick(random, url64, 186)}`,
  'airtable-token': (random) => `pat${pick(random, alnum, 14)}.${pick(random, hex, 64)}`,
  'figma-token': (random) => `figd_${pick(random, url64, 40)}`,
  'dropbox-token': (random) => `sl.${pick(random, url64, 140)}`,
  'mailgun-key': (random) => `key-${pick(random, hex, 32)}`,
  'mailchimp-key': (random) => `${pick(random, hex, 32)}-us${pick(random, '123456789', 1)}`,
  'square-token': (random) => `sq0csp-${pick(random, url64, 43)}`,
  'authorization-header': (random) => `Authorization: Bearer ${pick(random, alnum, 40)}7c`,
  jwt: (random) =>
    [
      { alg: 'HS256', typ: 'JWT' },
      { sub: pick(random, alnum, 12), iat: 1_700_000_000 },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .concat(pick(random, url64, 43))
      .join('.'),
  'private-key': (random) => {
    const lines = Array.from({ length: 24 }, () => pick(random, `${alnum}+/`, 64))
    return `-----BEGIN RSA PRIVATE KEY-----\n${lines.join('\n')}==\n-----END RSA PRIVATE KEY-----`
  },
  'age-key': (random) => {
    const data = pick(random, 'qpzry9x8gf2tvdw0s3jn54khce6mua7l', 52)
    return `age-secret-key-1${data}${toBech32Tail('age-secret-key-', data)}`.toUpperCase()
  },
  'password-in-address': (random) => `postgres://service:${pick(random, alnum, 14)}@db.internal`,
  'assigned-secret': (random) => `client_secret = "${pick(random, alnum, 20)}7b"`,
}

function uuid(random: Random): string {
  return [8, 4, 4, 4, 12].map((length) => pick(random, hex, length)).join('-')
}

function withCrc(prefix: string, body: string): string {
  return `${prefix}${body}${toBase62(crc32(body))}`
}

function pick(random: Random, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(random.next() * alphabet.length)] ?? '').join('')
}
