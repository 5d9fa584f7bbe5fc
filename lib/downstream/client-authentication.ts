import { ClientSecretBasic, ClientSecretPost, type ClientAuth } from 'openid-client';
import { McpAuthConfigurationError } from '../options/configuration-error.js';

/**
 * `client_secret_basic`: the secret in the Authorization header (RFC 6749 section 2.3.1).
 *
 * @param secret - the client's secret
 * @throws {@link McpAuthConfigurationError} if there is none
 */
export function clientSecretBasic(secret: string): ClientAuth {
  return ClientSecretBasic(given(secret));
}

/**
 * `client_secret_post`: the secret in the request's body (RFC 6749 section 2.3.1).
 *
 * @param secret - the client's secret
 * @throws {@link McpAuthConfigurationError} if there is none
 */
export function clientSecretPost(secret: string): ClientAuth {
  return ClientSecretPost(given(secret));
}

/** An environment variable that is not set gets here as a string in type alone. */
function given(secret: string | undefined): string {
  if (secret) return secret;
  throw new McpAuthConfigurationError([
    '`client.authentication` has no secret. Give it one, and check the environment variable it comes from.',
  ]);
}
