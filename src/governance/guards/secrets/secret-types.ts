import type { Pattern } from '../pattern/index.ts'
import { hasCrcTail, hasKeyBody, isBech32, isJwt, isRandom } from './checks.ts'

/** Longest secret that is recognised whole: a private key of 8192 bits in PEM has less. */
export const secretLengthMax = 8_192

const afterPrefix =
  (bitsMin = 3) =>
  (text: string): boolean =>
    isRandom(text.slice(Math.min(8, text.length / 4)), bitsMin)

/**
 * What a secret of each type looks like. Lengths and alphabets are those that the vendors' own keys have; where a key has check
 * digits they are checked, else it has to look like chance.
 */
export const secretTypes: readonly Pattern[] = [
  // Models.
  token('openai-key', 'sk-(?:(?:proj|svcacct|admin|None)-)?[A-Za-z0-9_-]{20,80}T3BlbkFJ[A-Za-z0-9_-]{20,80}'),
  token('anthropic-key', 'sk-ant-(?:api|admin|oat|sid)[0-9]{2}-[A-Za-z0-9_-]{80,110}'),
  token('openrouter-key', 'sk-or-v1-[0-9a-f]{64}'),
  token('strata-key', 'sk-strata-[A-Za-z0-9_-]{8}-[A-Za-z0-9_-]{43}'),
  token('model-key', 'sk-(?:[0-9a-f]{32}|[A-Za-z0-9]{48})', 3),
  token('google-key', 'AIza[A-Za-z0-9_-]{35}'),
  token('huggingface-token', 'hf_[A-Za-z]{34}'),
  token('groq-key', 'gsk_[A-Za-z0-9]{52}'),
  token('xai-key', 'xai-[A-Za-z0-9]{80}'),
  token('perplexity-key', 'pplx-[A-Za-z0-9]{48}'),
  token('replicate-token', 'r8_[A-Za-z0-9]{37}'),
  token('zhipu-key', '[0-9a-f]{32}\\.[A-Za-z0-9]{16}', 3.5),
  // Clouds.
  token('aws-access-key', '(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}'),
  token('aliyun-access-key', 'LTAI[A-Za-z0-9]{20}'),
  token('tencent-secret-id', 'AKID[A-Za-z0-9]{32}'),
  token('volcengine-access-key', 'AKLT[A-Za-z0-9_-]{40,60}'),
  token('azure-storage-key', 'AccountKey=[A-Za-z0-9+/]{86}=='),
  token('google-oauth-secret', 'GOCSPX-[A-Za-z0-9_-]{28}'),
  token('google-oauth-token', 'ya29\\.[A-Za-z0-9_-]{60,}'),
  token('digitalocean-token', 'do[opr]_v1_[0-9a-f]{64}'),
  token('databricks-token', 'dapi[0-9a-f]{32}(?:-[0-9])?'),
  // Code and packages.
  { ...token('github-token', 'gh[pousr]_[A-Za-z0-9]{36}'), check: hasCrcTail },
  token('github-token', 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
  token('gitlab-token', 'gl(?:pat|dt|rt|ptt|ft|soat)-[A-Za-z0-9_-]{20,64}'),
  { ...token('npm-token', 'npm_[A-Za-z0-9]{36}'), check: hasCrcTail },
  token('pypi-token', 'pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}'),
  // Work and money.
  token('slack-token', 'xox[abeoprs]-(?:[0-9]{8,14}-){1,3}[A-Za-z0-9]{16,64}'),
  token('slack-webhook', 'hooks\\.slack\\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{20,28}'),
  token('stripe-key', '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{24,100}'),
  token('sendgrid-key', 'SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}'),
  token('twilio-key', 'SK[0-9a-f]{32}'),
  token('telegram-token', '[0-9]{8,10}:AA[A-Za-z0-9_-]{33}'),
  token('discord-token', '[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,38}', 4),
  token('shopify-token', 'shp(?:at|ca|pa|ss)_[0-9a-f]{32}'),
  token('notion-token', 'ntn_[A-Za-z0-9]{43,50}'),
  token('linear-key', 'lin_api_[A-Za-z0-9]{40}'),
  token('supabase-key', 'sbp_[0-9a-f]{40}'),
  // Standards.
  { what: 'jwt', source: 'eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{16,}', check: isJwt },
  {
    what: 'private-key',
    source: '-----BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\\s\\\\:,.()-]{40,}',
    check: hasKeyBody,
  },
  { what: 'age-key', source: 'AGE-SECRET-KEY-1[0-9A-Za-z]{58}', words: true, check: isBech32 },
  {
    what: 'password-in-address',
    startsWord: true,
    source: '[A-Za-z][A-Za-z0-9+.-]{1,15}://[A-Za-z0-9._~%-]{1,64}:[^\\s:@/"\'<>]{6,128}@[A-Za-z0-9.-]{1,128}',
    check: (text) => isPassword(/:\/\/[^:]*:([^@]*)@/.exec(text)?.[1] ?? ''),
  },
  {
    what: 'assigned-secret',
    caseless: true,
    source:
      '(?:api[_-]?key|secret[_-]?(?:access[_-]?)?key|client[_-]?secret|access[_-]?token|auth[_-]?token|password|passwd|pwd|密码|口令|密钥)["\']?\\s{0,3}(?:[:=：]|是|为|is)\\s{0,3}["\']?[A-Za-z0-9_+/=.!@#$%^&*~-]{12,128}',
    check: isAssigned,
    from: (text) => text.search(assignedValue),
  },
]

/** What is assigned has letters and digits, and looks like chance. */
function isAssigned(text: string): boolean {
  const value = assignedValue.exec(text)?.[0] ?? ''
  return /\d/.test(value) && /[A-Za-z]/.test(value) && !/^https?:/.test(value) && isRandom(value, 3.2)
}

/** Not one of the words that stand for a password in examples. */
function isPassword(text: string): boolean {
  return (
    isRandom(text, 2) &&
    !/^(?:pass(?:word|wd)?|secret|admin|user(?:name)?|root|test(?:ing)?|token|guest)\d{0,4}$/i.test(text)
  )
}

const assignedValue = /[A-Za-z0-9_+/=.!@#$%^&*~-]{12,}$/

function token(what: string, source: string, bitsMin?: number): Pattern {
  return { what, source, words: true, check: afterPrefix(bitsMin) }
}
