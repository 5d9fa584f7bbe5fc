import type { ClientAuth } from 'oauth4webapi';
import { createCredentialsError, type ClientAuthentication } from './client-authentication.js';
import { CredentialFile } from './credential-file.js';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Source of an assertion that somebody else signs. */
export type AssertionSource = { file: string } | (() => string | Promise<string>);

/**
 * An assertion that the platform issues and rotates (RFC 7523 section 2.2): the token of a Kubernetes service account, or
 * of Entra workload identity. It is read before each request.
 *
 * @param source - a file, or a function that returns the assertion
 * @throws {@link McpAuthConfigurationError} if the file is missing or empty
 */
export function clientAssertion(source: AssertionSource): ClientAuthentication {
  const read = createReader(source);
  const authenticate: ClientAuth = async (_server, client, body) => {
    const assertion = (await read()).trim();
    if (assertion === '') throw createCredentialsError('got an empty assertion. Check the party that issues it');
    body.set('client_id', client.client_id);
    body.set('client_assertion_type', JWT_BEARER);
    body.set('client_assertion', assertion);
  };
  // A new assertion does not change the client.
  return Object.assign(authenticate, { method: 'private_key_jwt', version: () => 'client_assertion' });
}

function createReader(source: AssertionSource): () => string | Promise<string> {
  if (typeof source === 'function') return source;
  const file = new CredentialFile(source.file, (text) => {
    if (text.trim() === '') throw new Error('empty');
    return text;
  });
  return () => file.load();
}
