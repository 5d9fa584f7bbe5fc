/** Form parameters that are secret. */
const SECRET_PARAMETERS = ['subject_token', 'actor_token', 'assertion', 'client_secret', 'client_assertion'];

/** Least number of characters of a secret. Shorter ones would match ordinary words. */
const MIN_LENGTH = 8;

/** The secrets in a request. */
export function listSecrets({
  body,
  headers,
}: {
  readonly body: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}): readonly string[] {
  return [...SECRET_PARAMETERS.flatMap((name) => body.getAll(name)), ...readBasicSecrets(headers.authorization ?? '')];
}

/**
 * Credentials in each form of RFC 6749 section 2.3.1: form-urlencoded, then base64. A provider may repeat any of them.
 */
function readBasicSecrets(authorization: string): readonly string[] {
  const [, credentials] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
  if (credentials === undefined) return [];
  const encoded = Buffer.from(credentials, 'base64').toString().replace(/^.*?:/, '');
  return [credentials, encoded, ...new URLSearchParams(`secret=${encoded}`).values()];
}

/** Removes secrets from a text, and the parts of secrets that are JWTs. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, ...secret.split('.')])
    .filter(({ length }) => length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length)
    .reduce((clean, secret) => clean.replaceAll(secret, '[token]'), text);
}
