/** A request to an endpoint of an issuer. */
export interface SentRequest {
  readonly body: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}

/** Form parameters that are secret. */
const SECRET_PARAMETERS = [
  ...['subject_token', 'actor_token', 'assertion', 'client_secret', 'client_assertion'],
  // Of introspection, and of other grants.
  ...['token', 'code', 'refresh_token'],
];

/** Least number of characters of a secret. Shorter ones would match ordinary words. */
const MIN_LENGTH = 8;

/** The secrets in a request. */
export function listSecrets({ body, headers }: SentRequest): readonly string[] {
  return [...SECRET_PARAMETERS.flatMap((name) => body.getAll(name)), ...readBasicSecrets(headers)];
}

/** Whether the client's id or secret was sent in another form than it has. Some servers do not decode it. */
export function hasEncodedCredentials({ headers }: Pick<SentRequest, 'headers'>): boolean {
  return /[%+]/.test(readBasicCredentials(headers) ?? '');
}

/**
 * Credentials in each form of RFC 6749 section 2.3.1: form-urlencoded, then base64. A provider may repeat any of them.
 */
function readBasicSecrets(headers: SentRequest['headers']): readonly string[] {
  const credentials = readBasicCredentials(headers);
  if (credentials === undefined) return [];
  const encoded = credentials.replace(/^.*?:/, '');
  return [Buffer.from(credentials).toString('base64'), encoded, ...new URLSearchParams(`secret=${encoded}`).values()];
}

function readBasicCredentials({ authorization = '' }: SentRequest['headers']): string | undefined {
  const [, credentials] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
  return credentials === undefined ? undefined : Buffer.from(credentials, 'base64').toString();
}

/** Removes secrets from a text, and the parts of secrets that are JWTs. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, ...secret.split('.')])
    .filter(({ length }) => length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length)
    .reduce((clean, secret) => clean.replaceAll(secret, '[token]'), text);
}
