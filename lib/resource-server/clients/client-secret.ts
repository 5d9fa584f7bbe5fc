import { createHmac } from 'node:crypto';
import { ClientSecretPost, type ClientAuth } from 'oauth4webapi';
import { createCredentialsError, useCredentials, type ClientAuthentication } from './client-authentication.js';

/**
 * The client's secret, or a function that returns it. The function is called before each use of a token, so that the
 * secret can be rotated. It should cache the secret.
 */
export type ClientSecret = string | (() => string | Promise<string>);

/** How `client_secret_basic` writes the client's id and secret. */
export interface ClientSecretBasicOptions {
  /**
   * `'form'` encodes them as RFC 6749 section 2.3.1 demands. `'none'` sends them as they are, for servers that do not
   * decode them. An id with a colon cannot be sent so. Defaults to `'form'`.
   */
  encoding?: 'form' | 'none';
}

/**
 * `client_secret_basic`: the id and the secret in the Authorization header (RFC 6749 section 2.3.1).
 *
 * @param secret - the client's secret
 * @param options - `encoding`: set it for servers that do not decode what they are sent
 * @throws {@link McpAuthConfigurationError} if there is no secret, or the encoding is unknown
 */
export function clientSecretBasic(
  secret: ClientSecret,
  { encoding = 'form' }: ClientSecretBasicOptions = {},
): ClientAuthentication {
  const encode = ENCODINGS[encoding] as ((text: string) => string) | undefined;
  if (!encode) {
    throw createCredentialsError(`has an \`encoding\` that is neither 'form' nor 'none'. Use one of the two`);
  }
  const authentication = authenticateBySecret(
    'client_secret_basic',
    secret,
    (value) => (_server, client, _body, headers) => {
      // The server would take what follows the colon for the secret.
      if (encoding === 'none' && client.client_id.includes(':')) throw createColonError();
      const credentials = `${encode(client.client_id)}:${encode(value)}`;
      headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
    },
  );
  return encoding === 'none' ? Object.assign(authentication, { unencoded: true }) : authentication;
}

/**
 * Both halves of the credentials. A server that decodes a form gets the same from every spelling of a character. Some do
 * not decode, and compare letter by letter. So only what has to be encoded is.
 */
const ENCODINGS = {
  form: (text: string) => encodeURIComponent(text).replaceAll('%20', '+'),
  none: (text: string) => text,
};

/**
 * `client_secret_post`: the secret in the request's body (RFC 6749 section 2.3.1).
 *
 * @param secret - the client's secret
 * @throws {@link McpAuthConfigurationError} if there is none
 */
export function clientSecretPost(secret: ClientSecret): ClientAuthentication {
  return authenticateBySecret('client_secret_post', secret, ClientSecretPost);
}

function authenticateBySecret(
  method: string,
  secret: ClientSecret,
  by: (secret: string) => ClientAuth,
): ClientAuthentication {
  // An environment variable that is not set is `undefined` here, despite its type.
  if (typeof secret !== 'function') checkSecret(secret);
  const load = async () => {
    const value = typeof secret === 'string' ? secret : await secret();
    checkSecret(value);
    return value;
  };
  const authenticate: ClientAuth = async (...request) => {
    await by(await load())(...request);
  };
  // Called for every token look-up, so the version is derived once per secret.
  let known = { secret: '', version: '' };
  const computeVersion = async () => {
    const value = await useCredentials(load);
    if (value !== known.secret) known = { secret: value, version: deriveVersion(value) };
    return known.version;
  };
  return Object.assign(authenticate, { method, version: computeVersion });
}

/** The same secret has the same version in all replicas. */
function deriveVersion(secret: string): string {
  return createHmac('sha256', secret).update('nestjs-mcp-auth client secret').digest('base64url').slice(0, 16);
}

/** RFC 6749 appendix A.2: printable ASCII. Other letters are left to the server; control characters come from files. */
function checkSecret(secret: string): void {
  if (!secret)
    throw createCredentialsError('has no secret. Give it one, and check the environment variable it comes from');
  if (/\p{Cc}/u.test(secret)) {
    throw createCredentialsError(
      'has a secret with a control character in it, such as the newline at the end of a file. Remove it: `secret.trim()`',
    );
  }
}

function createColonError() {
  return createCredentialsError(
    "sends the client's id as it is, and the id has a colon. Remove `encoding`, or use clientSecretPost(…)",
  );
}
