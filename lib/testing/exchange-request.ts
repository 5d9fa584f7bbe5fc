import { decodeJwt } from 'jose';

/** How a client authenticated (RFC 7591 section 2, `token_endpoint_auth_method`). */
export type TestClientAuthentication =
  'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | 'private_key_jwt' | 'none';

/** An exchange that a {@link TestIssuer} was asked for, without tokens and secrets. */
export interface TestExchangeRequest {
  /** `grant_type` (RFC 6749 section 4.5). */
  readonly grantType: string;
  /** Each `audience` (RFC 8693 section 2.1). */
  readonly audiences: readonly string[];
  /** Each `resource` (RFC 8707). */
  readonly resources: readonly string[];
  /** The entries of `scope` (RFC 6749 section 3.3). */
  readonly scopes: readonly string[];
  /** `sub` of the subject token. */
  readonly subject: string | undefined;
  /** `sub` of the actor token. */
  readonly actor: string | undefined;
  /** The client. `id` is taken from the request, and the credentials are not checked. */
  readonly client: { readonly id: string | undefined; readonly method: TestClientAuthentication };
  /** The form. Tokens and secrets are replaced by `(hidden)`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** `error` of the answer (RFC 6749 section 5.2); `undefined` if a token was issued. */
  readonly error: string | undefined;
}

const SECRETS = new Set([
  'actor_token',
  'assertion',
  'client_assertion',
  'client_secret',
  'code',
  'code_verifier',
  'id_token',
  'password',
  'refresh_token',
  'subject_token',
  'token',
]);

/**
 * Reads a request for an exchange.
 *
 * @param authorization - the `Authorization` header
 */
export function readExchangeRequest(
  form: URLSearchParams,
  authorization: string | undefined,
): Omit<TestExchangeRequest, 'error'> {
  const parameters = [...form].map(([name, value]): [string, string] => [name, SECRETS.has(name) ? '(hidden)' : value]);
  return {
    grantType: form.get('grant_type') ?? '',
    audiences: form.getAll('audience'),
    resources: form.getAll('resource'),
    scopes: (form.get('scope') ?? '').split(' ').filter((scope) => scope !== ''),
    subject: readSubject(form.get('subject_token') ?? form.get('assertion')),
    actor: readSubject(form.get('actor_token')),
    client: readClient(form, authorization),
    parameters: Object.fromEntries(parameters),
  };
}

function readClient(form: URLSearchParams, authorization = ''): TestExchangeRequest['client'] {
  const basic = /^Basic +(\S+)$/i.exec(authorization)?.[1];
  // RFC 6749 section 2.3.1: each half is form-encoded on its own.
  if (basic !== undefined) return { id: decodeForm(cutAtColon(basic)), method: 'client_secret_basic' };
  const id = form.get('client_id') ?? undefined;
  const assertion = form.get('client_assertion');
  if (assertion !== null) return { id: id ?? readSubject(assertion), method: readMethod(assertion) };
  return { id, method: form.has('client_secret') ? 'client_secret_post' : 'none' };
}

function cutAtColon(basic: string): string {
  return Buffer.from(basic, 'base64').toString().split(':', 1)[0] ?? '';
}

function decodeForm(text: string): string {
  return [...new URLSearchParams(`id=${text}`).values()][0] ?? '';
}

/** The header of the assertion is enough: the algorithm tells the two methods apart. */
function readMethod(assertion: string): TestClientAuthentication {
  const header = Buffer.from(assertion.split('.', 1)[0] ?? '', 'base64url').toString();
  return /"alg" *: *"HS/.test(header) ? 'client_secret_jwt' : 'private_key_jwt';
}

function readSubject(token: string | null): string | undefined {
  try {
    return token === null ? undefined : decodeJwt(token).sub;
  } catch {
    return undefined;
  }
}
