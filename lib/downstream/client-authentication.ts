import { ClientSecretBasic, ClientSecretPost, type ClientAuth } from 'openid-client';

/**
 * `client_secret_basic`: the secret in the Authorization header (RFC 6749 section 2.3.1).
 *
 * @param secret - the client's secret
 */
export function clientSecretBasic(secret: string): ClientAuth {
  return ClientSecretBasic(secret);
}

/**
 * `client_secret_post`: the secret in the request's body (RFC 6749 section 2.3.1).
 *
 * @param secret - the client's secret
 */
export function clientSecretPost(secret: string): ClientAuth {
  return ClientSecretPost(secret);
}
