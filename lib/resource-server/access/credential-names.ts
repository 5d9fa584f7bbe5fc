/** Words that name a credential, or what travels with one. */
const CREDENTIAL_WORDS: ReadonlySet<string> = new Set([
  ...[
    'accesstoken',
    'apikey',
    'apitoken',
    'assertion',
    'auth',
    'authentication',
    'authinfo',
    'authorization',
    'authtoken',
  ],
  ...['bearer', 'cookie', 'cookies', 'credential', 'credentials', 'csrf', 'dpop', 'grant', 'idtoken', 'jwt', 'kauth'],
  // Certificates of clients, by which proxies tell who is there (RFC 9440).
  ...['cert', 'certificate', 'clientcert', 'otp', 'passcode', 'totp'],
  ...['oauth', 'oidc', 'passphrase', 'passwd', 'password', 'pwd', 'refreshtoken', 'secret', 'secrets', 'session'],
  ...['sessionid', 'sessionstore', 'sid', 'sig', 'signature', 'token', 'tokens', 'xsrf'],
]);

/** Words before `key` that make it a name of something else. */
const KEYS_OF_OTHERS: ReadonlySet<string> = new Set([
  ...['cache', 'dedup', 'group', 'idempotency', 'message', 'partition', 'routing', 'shard', 'sort', 'surrogate'],
]);

/** Header names that have such a word, and are no credential (MCP, OpenTelemetry, RFC 9421). */
const OTHER_HEADERS: ReadonlySet<string> = new Set(['mcp-session-id', 'sec-websocket-key', 'signature-input']);

/**
 * Whether a header carries a credential: `Authorization`, `Cookie`, `DPoP`, an API key, a token that a proxy adds.
 *
 * @param name - in any case
 */
export function isCredentialHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return !OTHER_HEADERS.has(lower) && isCredentialName(lower);
}

/**
 * Whether a name is that of a credential: of a parameter of a URL, or of a property such as `req.accessToken`.
 *
 * @param name - in camel case, or with hyphens or underscores between its words
 */
export function isCredentialName(name: string): boolean {
  const known = answers.get(name);
  if (known !== undefined) return known;
  const answer = readName(name);
  // Clients make up names.
  if (answers.size >= MAX_NAMES) answers.clear();
  if (name.length <= MAX_LENGTH) answers.set(name, answer);
  return answer;
}

/** Most requests have the same names. */
const answers = new Map<string, boolean>();
const MAX_NAMES = 1_000;
/** Characters of a name that is remembered. */
const MAX_LENGTH = 100;

function readName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  return words.some(
    (word, index) =>
      CREDENTIAL_WORDS.has(word) ||
      // `X-Api-Key`, `Ocp-Apim-Subscription-Key`, and `key` alone.
      (word === 'key' && index === words.length - 1 && !KEYS_OF_OTHERS.has(words[index - 1] ?? '')),
  );
}
