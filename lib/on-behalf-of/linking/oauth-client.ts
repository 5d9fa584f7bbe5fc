import { allowInsecureRequests, Configuration, customFetch, type ClientAuth, type CustomFetch } from 'openid-client';
import { useCredentials } from '../../resource-server/clients/client-authentication.js';
import { createClientFetch, toClientMetadata } from '../../resource-server/issuers/issuer-client.js';
import type { IssuerMetadata } from '../../resource-server/issuers/issuer-metadata.js';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import type { ClientRegistration } from '../../resource-server/clients/client-registration.js';
import { isSecure } from '../../options/option-rules.js';

/** Seconds that one answer of an authorization server may take. */
const TIMEOUT = 5;

/** Endpoints that get browsers, codes and tokens. */
const NEEDED = ['authorization_endpoint', 'token_endpoint'] as const;
const ENDPOINTS = [...NEEDED, 'revocation_endpoint'] as const;

/**
 * The server as a client of an authorization server.
 *
 * @param read - converts the answers of its endpoints to the standard's form
 * @throws {@link IssuerUnusableError} if an endpoint is missing or is not secure
 */
export function createOAuthClient(
  metadata: IssuerMetadata,
  { id, authentication }: ClientRegistration,
  read: (response: Response) => Response | Promise<Response> = (response) => response,
): Configuration {
  const { issuer, mtls_endpoint_aliases: aliases } = metadata;
  for (const name of NEEDED) {
    if (metadata[name] === undefined) throw new IssuerUnusableError(issuer, `its metadata has no ${name}`);
  }
  for (const address of ENDPOINTS.flatMap((name) => [metadata[name], aliases?.[name]])) {
    if (address !== undefined && !(URL.canParse(address) && isSecure(new URL(address)))) {
      throw new IssuerUnusableError(issuer, `${address} is neither https nor on loopback`);
    }
  }
  // The result is awaited, although its type does not say so.
  const authenticate = (...request: Parameters<ClientAuth>): unknown =>
    useCredentials(() => authentication(...request));
  const configuration = new Configuration(metadata, id, toClientMetadata(authentication), authenticate);
  const send = createClientFetch(authentication) as CustomFetch;
  configuration.timeout = TIMEOUT;
  configuration[customFetch] = async (address, options) => await read(await send(address, options));
  // The addresses were checked: plain http only occurs on loopback.
  allowInsecureRequests(configuration);
  return configuration;
}
