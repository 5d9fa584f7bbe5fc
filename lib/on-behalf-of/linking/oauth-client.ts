import { allowInsecureRequests, Configuration, customFetch, type ClientAuth, type CustomFetch } from 'openid-client';
import { useCredentials } from '../../resource-server/clients/client-authentication.js';
import { createClientFetch, toClientMetadata } from '../../resource-server/issuers/issuer-client.js';
import type { IssuerMetadata } from '../../resource-server/issuers/issuer-metadata.js';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import type { ClientRegistration } from '../../resource-server/clients/client-registration.js';
import type { Outcome } from '../../limits/adaptive-bulkhead.js';
import { isBackendUrl } from '../../options/option-rules.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { TokenEndpointLimits } from '../token-endpoint/token-endpoint-limits.js';
import type { AccountOwner } from './link-records.js';

/** Seconds that one answer of an authorization server may take. */
export const TIMEOUT = 5;

const ACCEPT = 'If nobody else can listen on the way there, set `acceptClearText` where it is configured';

/** Endpoints that get browsers, codes and tokens. */
const NEEDED = ['authorization_endpoint', 'token_endpoint'] as const;
const ENDPOINTS = [...NEEDED, 'revocation_endpoint'] as const;

/** Sends a request to an address when there is room for it. */
export type Passing = (address: string, send: () => Promise<Response>) => Promise<Response>;

/** What authorization servers are asked for users passes limits, as other requests for tokens do. */
export class OAuthLimits {
  readonly #limits = new TokenEndpointLimits(TIMEOUT * 1_000);

  /**
   * What the requests of a user have to pass.
   *
   * @param server - the authorization server
   * @throws TokenEndpointError if too many run and wait, or nothing is answered
   */
  createFor(server: string, { issuer, subject }: Pick<AccountOwner, 'issuer' | 'subject'>): Passing {
    const party = deriveKey('downstream-caller', issuer, subject);
    return (address, send) => this.#limits.execute(server, { party, kind: address }, send, hasWorked);
  }
}

function hasWorked(outcome: Outcome<Response>): boolean {
  return 'result' in outcome && outcome.result.status < 500;
}

/**
 * The server as a client of an authorization server.
 *
 * @param client - its registration, and whether the operator accepts plain http to that server
 * @param pass - sends each request when there is room for it
 * @param read - converts the answers of its endpoints to the standard's form
 * @throws {@link IssuerUnusableError} if an endpoint is missing or is not secure
 */
export function createOAuthClient(
  metadata: IssuerMetadata,
  client: ClientRegistration & { readonly acceptClearText: boolean },
  pass: Passing,
  read: (response: Response) => Response | Promise<Response> = (response) => response,
): Configuration {
  const { issuer, mtls_endpoint_aliases: aliases } = metadata;
  const { id, authentication, acceptClearText } = client;
  for (const name of NEEDED) {
    if (metadata[name] === undefined) throw new IssuerUnusableError(issuer, `its metadata has no ${name}`);
  }
  for (const address of ENDPOINTS.flatMap((name) => [metadata[name], aliases?.[name]])) {
    if (address !== undefined && !(URL.canParse(address) && isBackendUrl(new URL(address), acceptClearText))) {
      throw new IssuerUnusableError(issuer, `${address} is neither https nor on loopback. ${ACCEPT}`);
    }
  }
  // The result is awaited, although its type does not say so.
  const authenticate = (...request: Parameters<ClientAuth>): unknown =>
    useCredentials(() => authentication(...request));
  const configuration = new Configuration(metadata, id, toClientMetadata(authentication), authenticate);
  const send = createClientFetch(authentication) as CustomFetch;
  configuration.timeout = TIMEOUT;
  configuration[customFetch] = async (address, options) =>
    await read(await pass(address, () => send(address, options)));
  // The addresses were checked: plain http only occurs on loopback, and where the operator accepts it.
  allowInsecureRequests(configuration);
  return configuration;
}
