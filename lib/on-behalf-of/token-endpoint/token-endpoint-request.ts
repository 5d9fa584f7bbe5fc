import {
  allowInsecureRequests,
  customFetch,
  genericTokenEndpointRequest,
  type AuthorizationServer,
  type ClientAuth,
} from 'oauth4webapi';
import { useCredentials } from '../../resource-server/clients/client-authentication.js';
import { createClientFetch, toClientMetadata } from '../../resource-server/issuers/issuer-client.js';
import { describeError, toReadable } from '../../errors/reason.js';
import type { IssuerMetadata } from '../../resource-server/issuers/issuer-metadata.js';
import { McpAuthError } from '../../errors/mcp-auth-error.js';
import type { ClientRegistration } from '../../resource-server/clients/client-registration.js';
import type { FormParameters, TokenEndpointAnswer, TokenEndpointOptions } from '../dialects/dialect.js';
import type { SentRequest } from '../../resource-server/issuers/sent-secrets.js';
import { readAnswer } from './token-endpoint-answer.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { withRetries } from './token-endpoint-retries.js';

/** An authorization server, and the server's client there. */
export interface Destination {
  readonly metadata: IssuerMetadata;
  readonly client: ClientRegistration;
}

/** Sends a request when there is room for it. */
export type Passing = (request: () => Promise<TokenEndpointAnswer>) => Promise<TokenEndpointAnswer>;

/**
 * Sends a form to the token endpoint of an authorization server.
 *
 * @param pass - what each attempt has to pass
 * @throws TokenEndpointError for every answer without a usable token, and if there is no answer
 * @throws ClientCredentialsError if the client's credentials are not available
 */
export async function requestToken(
  { metadata, client: { id, authentication } }: Destination,
  grantType: string,
  parameters: FormParameters,
  { address, dpop, acceptMissingTokenType }: TokenEndpointOptions,
  pass: Passing,
): Promise<TokenEndpointAnswer> {
  const server = readdressServer(metadata, address);
  const authenticate: ClientAuth = (...request) => useCredentials(() => authentication(...request));
  const send = createClientFetch(authentication);

  async function attempt(signal: AbortSignal): Promise<TokenEndpointAnswer> {
    let sent: SentRequest = { body: new URLSearchParams(), headers: {} };
    let response: Response;
    try {
      response = await genericTokenEndpointRequest(
        server,
        { client_id: id, ...toClientMetadata(authentication) },
        authenticate,
        grantType,
        toForm(parameters),
        {
          signal,
          ...(dpop && { DPoP: dpop }),
          [customFetch]: (url, init) => {
            sent = init;
            return send(url, init);
          },
          // The addresses were checked: plain http only occurs on loopback.
          [allowInsecureRequests]: true,
        },
      );
    } catch (thrown) {
      const error = toReadable(thrown);
      if (error instanceof McpAuthError) throw error;
      // The cause is left out, because it may contain the request.
      throw new TokenEndpointError(describeError(error), {});
    }
    const answer = await readAnswer(response, sent, { acceptMissingTokenType });
    // A bound token without a key here is of no use. A token that is not bound was not asked for.
    if ((answer.token_type === 'dpop') !== (dpop !== undefined)) {
      const what = dpop ? 'the token is not bound to the key' : 'token_type is DPoP';
      throw new TokenEndpointError(what, { status: 200, unusable: true });
    }
    return answer;
  }

  return await withRetries(async (signal) => {
    try {
      return await pass(() => attempt(signal));
    } catch (error) {
      // RFC 9449 section 8: the answer contained a nonce, and the DPoP handle has kept it.
      if (!dpop || !(error instanceof TokenEndpointError) || error.failure.error !== 'use_dpop_nonce') throw error;
      return await pass(() => attempt(signal));
    }
  });
}

/** The authorization server with the token endpoints that the dialect derives, on the same origins. */
function readdressServer(metadata: IssuerMetadata, address: TokenEndpointOptions['address']): AuthorizationServer {
  const { issuer, token_endpoint, mtls_endpoint_aliases } = metadata;
  if (token_endpoint === undefined) {
    throw new TokenEndpointError(`${issuer} has no token endpoint`, { error: 'no_token_endpoint' });
  }
  if (!address) return metadata;
  const alias = mtls_endpoint_aliases?.token_endpoint;
  return {
    ...metadata,
    token_endpoint: moveEndpoint(token_endpoint, address),
    ...(alias !== undefined && { mtls_endpoint_aliases: { token_endpoint: moveEndpoint(alias, address) } }),
  };
}

function moveEndpoint(endpoint: string, address: (url: URL) => URL): string {
  const known = new URL(endpoint);
  const url = address(new URL(endpoint));
  if (url.origin !== known.origin) throw new Error('the address of a token endpoint left its origin');
  return url.href;
}

function toForm(parameters: FormParameters): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value ?? []].flat()) form.append(name, one);
  }
  return form;
}
