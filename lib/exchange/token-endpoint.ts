import { Inject, Injectable } from '@nestjs/common';
import {
  allowInsecureRequests,
  customFetch,
  genericTokenEndpointRequest,
  type AuthorizationServer,
} from 'oauth4webapi';
import { clientFetch, metadataOf } from '../issuers/issuer-client.js';
import { reasonOf } from '../issuers/issuer-fetch.js';
import { discoverMetadata, type IssuerMetadata } from '../issuers/issuer-metadata.js';
import { IssuerUnavailableError } from '../issuers/issuer-unavailable-error.js';
import { Issuers } from '../issuers/issuers.js';
import { Renewable } from '../issuers/renewable.js';
import type { TokenClaims } from '../options/issuer-options.js';
import type { ClientOptions } from '../options/mcp-auth-options.js';
import { clientAt } from '../options/resolved-issuer.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import type {
  ForeignAuthorizationServer,
  FormParameters,
  TokenEndpoint,
  TokenEndpointAnswer,
  TokenEndpointOptions,
} from './dialect.js';
import { answerOf } from './token-endpoint-answer.js';
import { TokenEndpointError } from './token-endpoint-error.js';
import { withRetries } from './token-endpoint-retries.js';

/** Metadata of an authorization server is discovered anew after an hour; while it is down it serves for a day. */
const METADATA_LIFETIME = { fresh: 60 * 60_000, stale: 24 * 60 * 60_000 };

interface Destination {
  readonly metadata: IssuerMetadata;
  readonly client: Pick<ClientOptions, 'id' | 'authentication'>;
}

/** Sends forms to the token endpoints of issuers, and of authorization servers besides. */
@Injectable()
export class TokenEndpoints {
  readonly #foreign = new Map<string, Renewable<IssuerMetadata>>();

  constructor(
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(Issuers) private readonly issuers: Issuers,
  ) {}

  /**
   * The token endpoint of the issuer that a caller came from, where the server is known as the client of that issuer.
   *
   * @param issuer - `iss` of the caller's token
   * @param claims - its claims
   */
  forCaller(issuer: string, claims: TokenClaims): TokenEndpoint {
    return {
      request: async (grantType, parameters, options = {}) => {
        const { authorizationServer } = options;
        const destination = authorizationServer
          ? { metadata: await this.#metadataOf(authorizationServer), client: authorizationServer.client }
          : await this.#destinationAt(issuer, claims);
        try {
          return await request(destination, grantType, parameters, options);
        } catch (error) {
          if (!authorizationServer || !(error instanceof TokenEndpointError)) throw error;
          const message = `${authorizationServer.issuer}: ${error.message}`;
          throw new TokenEndpointError(message, { ...error.failure, foreign: true });
        }
      },
    };
  }

  async #destinationAt(name: string, claims: TokenClaims): Promise<Destination> {
    const issuer = this.issuers.issuerOf({ ...claims, iss: name });
    const client = issuer && clientAt(issuer.options, this.options.clients);
    if (!issuer || !client) {
      throw new TokenEndpointError(`the client is not registered at ${name}`, { error: 'client_not_registered' });
    }
    return { metadata: await issuer.metadata(), client };
  }

  /** @throws {@link IssuerUnavailableError} */
  async #metadataOf({ issuer, metadataUrl }: ForeignAuthorizationServer): Promise<IssuerMetadata> {
    const key = JSON.stringify([issuer, metadataUrl]);
    let metadata = this.#foreign.get(key);
    if (!metadata) {
      metadata = new Renewable(() => discoverMetadata(issuer, metadataUrl), METADATA_LIFETIME);
      this.#foreign.set(key, metadata);
    }
    return await metadata.get();
  }
}

async function request(
  { metadata, client }: Destination,
  grantType: string,
  parameters: FormParameters,
  { address }: TokenEndpointOptions,
): Promise<TokenEndpointAnswer> {
  const { token_endpoint } = metadata;
  if (token_endpoint === undefined) {
    throw new TokenEndpointError(`${metadata.issuer} has no token endpoint`, { error: 'no_token_endpoint' });
  }
  const server: AuthorizationServer = address ? moved(metadata, token_endpoint, address) : metadata;
  const form = formOf(parameters);
  const secrets = ['subject_token', 'actor_token', 'assertion'].flatMap((name) => form.getAll(name));
  return await withRetries(async (signal) => {
    let response: Response;
    try {
      response = await genericTokenEndpointRequest(
        server,
        { client_id: client.id, ...metadataOf(client.authentication) },
        client.authentication,
        grantType,
        form,
        {
          signal,
          [customFetch]: clientFetch(client.authentication),
          // The addresses were checked: plain http is on loopback alone.
          [allowInsecureRequests]: true,
        },
      );
    } catch (error) {
      if (error instanceof IssuerUnavailableError || error instanceof TokenEndpointError) throw error;
      // The cause stays behind: it may hold the request.
      throw new TokenEndpointError(reasonOf(error), { timedOut: signal.aborted });
    }
    const answer = await answerOf(response, secrets);
    // A token that is bound to a key which nobody here has could not be used.
    if (answer.token_type === 'dpop')
      throw new TokenEndpointError('token_type is DPoP', { status: 200, unusable: true });
    return answer;
  });
}

/** The address stays on its origin, wherever the tenant stands in it. */
function moved(metadata: IssuerMetadata, endpoint: string, address: (url: URL) => URL): AuthorizationServer {
  const known = new URL(endpoint);
  const url = address(new URL(endpoint));
  if (url.origin !== known.origin) throw new Error('the address of a token endpoint left its origin');
  return { ...metadata, token_endpoint: url.href };
}

function formOf(parameters: FormParameters): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value ?? []].flat()) form.append(name, one);
  }
  return form;
}
