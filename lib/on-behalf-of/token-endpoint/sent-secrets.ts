/** Parameters of a form that are secret. */
const SECRET_PARAMETERS = ['subject_token', 'actor_token', 'assertion', 'client_secret', 'client_assertion'];

/** Characters that a secret has at least. What is shorter would be found in every other word. */
const MIN_LENGTH = 8;

/** What a request has in it that nobody else may read. */
export function listSecrets({
  body,
  headers,
}: {
  readonly body: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}): readonly string[] {
  return [...SECRET_PARAMETERS.flatMap((name) => body.getAll(name)), ...readBasicSecrets(headers.authorization ?? '')];
}

/** RFC 6749 section 2.3.1: form-urlencoded, then base64. A provider may know it in each form. */
function readBasicSecrets(authorization: string): readonly string[] {
  const [, credentials] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
  if (credentials === undefined) return [];
  const encoded = Buffer.from(credentials, 'base64').toString().replace(/^.*?:/, '');
  return [credentials, encoded, ...new URLSearchParams(`secret=${encoded}`).values()];
}

/** A text without secrets, and without the parts of those that are JWTs. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, ...secret.split('.')])
    .filter(({ length }) => length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length)
    .reduce((clean, secret) => clean.replaceAll(secret, '[token]'), text);
}
