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
  token('nvidia-key', 'nvapi-[A-Za-z0-9_-]{60,70}'),
  token('pinecone-key', 'pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{50,68}'),
  token('langsmith-key', 'lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}'),
  token('langfuse-key', 'sk-lf-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'),
  // Clouds.
  token('aws-access-key', '(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}', 2.7),
  token('aliyun-access-key', 'LTAI[A-Za-z0-9]{20}'),
  token('tencent-secret-id', 'AKID[A-Za-z0-9]{32}'),
  token('volcengine-access-key', 'AKLT[A-Za-z0-9_-]{40,60}'),
  token('azure-storage-key', 'AccountKey=[A-Za-z0-9+/]{86}=='),
  token('google-oauth-secret', 'GOCSPX-[A-Za-z0-9_-]{28}'),
  token('google-oauth-token', 'ya29\\.[A-Za-z0-9_-]{60,}'),
  token('digitalocean-token', 'do[opr]_v1_[0-9a-f]{64}'),
  token('databricks-token', 'dapi[0-9a-f]{32}(?:-[0-9])?'),
  token('aws-bedrock-key', 'ABSK[A-Za-z0-9+/]{109,}={0,2}'),
  token('azure-client-secret', '[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}'),
  token('heroku-key', 'HRKU-AA[A-Za-z0-9_-]{58}'),
  token('planetscale-token', 'pscale_(?:tkn|oauth|pw)_[A-Za-z0-9_=.-]{32,64}'),
  token('flyio-token', '(?:fo1_[A-Za-z0-9_-]{43}|fm[12][ar]?_[A-Za-z0-9+/=]{100,})'),
  // What keeps or watches others.
  token('vault-token', 'hv[sb]\\.[A-Za-z0-9_-]{90,}'),
  token('1password-token', 'ops_eyJ[A-Za-z0-9+/]{250,}={0,3}'),
  token('doppler-token', 'dp\\.(?:pt|st|ct|sa|scim|audit)\\.(?:[a-z0-9_-]{2,35}\\.)?[A-Za-z0-9]{40,44}'),
  token('pulumi-token', 'pul-[0-9a-f]{40}'),
  token('terraform-token', '[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{60,70}'),
  token('tailscale-key', 'tskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{10,24}-[A-Za-z0-9]{20,40}'),
  token('grafana-token', 'gl(?:sa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}|c_[A-Za-z0-9+/]{32,}={0,3})'),
  token('newrelic-key', 'NR(?:AK-[A-Z0-9]{27}|II-[A-Za-z0-9_-]{32}|AA-[0-9a-f]{27})'),
  token('sentry-token', 'sntry(?:u_[0-9a-f]{64}|s_eyJ[A-Za-z0-9+/]{80,}={0,2}_[A-Za-z0-9+/]{43})'),
  token('dynatrace-token', 'dt0[a-z][0-9]{2}\\.[A-Z0-9]{24}\\.[A-Z0-9]{64}'),
  token('launchdarkly-key', '(?:sdk|api|mob)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'),
  // Code and packages.
  { ...token('github-token', 'gh[pousr]_[A-Za-z0-9]{36}'), check: hasCrcTail },
  token('github-token', 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
  token('gitlab-token', '(?:gl(?:pat|dt|rt|ptt|ft|soat|cbt|agent|imt|ffct|wt)-|GR1348941)[A-Za-z0-9_-]{20,64}'),
  { ...token('npm-token', 'npm_[A-Za-z0-9]{36}'), check: hasCrcTail },
  token('pypi-token', 'pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}'),
  token('rubygems-key', 'rubygems_[0-9a-f]{48}'),
  token('artifactory-key', 'AKCp[A-Za-z0-9]{69}'),
  token('postman-key', 'PMAK-[0-9a-f]{24}-[0-9a-f]{34}'),
  // Work and money.
  {
    ...token('slack-token', 'xox[abeoprs]-(?:[0-9]{1,14}-){1,3}[A-Za-z0-9]{10,64}'),
    check: (text) => !/-(?:\d+|[a-z]+|[A-Z]+)$/.test(text) && isRandom(text.slice(5)),
  },
  token('slack-token', 'xapp-[0-9]-[A-Z0-9]{8,14}-[0-9]{10,14}-[0-9a-f]{64}'),
  token('slack-token', 'xoxe(?:\\.xox[bp])?-[0-9]-[A-Za-z0-9]{100,}'),
  token('slack-webhook', 'hooks\\.slack\\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{20,28}'),
  token('stripe-key', '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{24,100}'),
  token('sendgrid-key', 'SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}'),
  token('twilio-key', 'SK[0-9a-f]{32}'),
  token('telegram-token', '[0-9]{8,10}:AA[A-Za-z0-9_-]{33}'),
  token('discord-token', '[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,38}', 4),
  token('shopify-token', 'shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}'),
  token('notion-token', 'ntn_[A-Za-z0-9]{43,50}'),
  token('linear-key', 'lin_api_[A-Za-z0-9]{40}'),
  token('supabase-key', 'sbp_[0-9a-f]{40}'),
  token('atlassian-token', 'ATATT3[A-Za-z0-9_=-]{180,}'),
  token('airtable-token', 'pat[A-Za-z0-9]{14}\\.[0-9a-f]{64}'),
  token('figma-token', 'figd_[A-Za-z0-9_-]{40,60}'),
  token('dropbox-token', 'sl\\.[A-Za-z0-9_=-]{130,}'),
  token('mailgun-key', 'key-[0-9a-f]{32}'),
  token('mailchimp-key', '[0-9a-f]{32}-us[0-9]{1,2}'),
  token('square-token', '(?:sq0atp-[A-Za-z0-9_-]{22}|sq0csp-[A-Za-z0-9_-]{43}|EAAA[A-Za-z0-9_=-]{60})'),
  // Standards.
  { what: 'jwt', source: 'eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{16,}', check: isJwt },
  {
    what: 'private-key',
    // No two hyphens in a row but in its last line, which ends it: what stands behind is none of it.
    source:
      '-----BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:-?[A-Za-z0-9+/=\\s\\\\:,.()]){40,}' +
      '(?:-----END (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----)?',
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
    what: 'authorization-header',
    caseless: true,
    source: 'authorization["\']?\\s{0,3}[:=]\\s{0,3}["\']?(?:bearer|basic|token|apikey)\\s{1,3}[A-Za-z0-9_+/=.~-]{16,}',
    check: (text) => isAssigned(text),
    from: (text) => text.search(assignedValue),
  },
  {
    what: 'assigned-secret',
    caseless: true,
    source:
      '(?:api[_-]?(?:key|token|secret)|(?:secret|private|account|access)[_-]?(?:access[_-]?)?key|secret|(?:access|auth|bearer|refresh|bot|secret|personal)[_-]?token|[A-Z0-9]{2,20}_token|password|passwd|pwd|密码|口令|密钥)["\']?\\s{0,3}(?::=|=>|={1,2}|[:：]|是|为|is)\\s{0,3}["\']?[A-Za-z0-9_+/=.!@#$%^*~-]{12,128}',
    check: isAssigned,
    from: (text) => text.search(assignedValue),
  },
]

/** What is assigned has letters and digits, and looks like chance. */
function isAssigned(text: string): boolean {
  const value = assignedValue.exec(text)?.[0] ?? ''
  const own = value.replaceAll(namesWithDigits, '')
  if (/^https?:/.test(value) || /^[a-z]+(?:[-_.](?:[a-z]+|\d{1,4}))+$/i.test(value)) return false // words in a row
  return /\d/.test(own) && /[A-Za-z]/.test(value) && isRandom(value, 3.2)
}

/** Not one of the words that stand for a password in examples. */
function isPassword(text: string): boolean {
  return (
    isRandom(text, 2) &&
    !/^(?:pass(?:word|wd)?|secret|admin|user(?:name)?|root|test(?:ing)?|token|guest)\d{0,4}$/i.test(text)
  )
}

/** Digits of these are no chance: `base64PrivateKey`, `ed25519.NewKeyFromSeed`. */
const namesWithDigits =
  /b(?:ase)?(?:16|32|58|64)|ed(?:25519|448)|x(?:509|25519)|sha-?(?:1|2|224|256|384|512)|md5|utf-?(?:8|16)|[rhep]s(?:256|384|512)|aes-?(?:128|192|256)|pkcs(?:1|5|7|8|12)|secp256[kr]1|oauth2|p12|s3|ec2|k8s|http2|v[1-9]/gi

const assignedValue = /[A-Za-z0-9_+/.!@#$%^*~-][A-Za-z0-9_+/=.!@#$%^*~-]{11,}$/

function token(what: string, source: string, bitsMin?: number): Pattern {
  return { what, source, words: true, check: afterPrefix(bitsMin) }
}
