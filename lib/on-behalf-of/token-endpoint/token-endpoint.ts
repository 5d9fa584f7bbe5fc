import { Injectable } from '@nestjs/common';
import { deriveKey } from '../../replicas/composite-key.js';
import { discoverMetadata, type IssuerMetadata } from '../../resource-server/issuers/issuer-metadata.js';
import { Issuers } from '../../resource-server/issuers/issuers.js';
import { createOverdueError, Renewable } from '../../resource-server/issuers/renewable.js';
import type { Caller } from '../../resource-server/access/caller.js';
import type { TokenClaims } from '../../resource-server/access/claims.js';
import { findClient } from '../../resource-server/issuers/resolved-issuer.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type {
  ForeignAuthorizationServer,
  FormParameters,
  TokenEndpoint,
  TokenEndpointAnswer,
  TokenEndpointOptions,
} from '../dialects/dialect.js';
import { countRefused } from '../../observability/metrics.js';
import { ServiceLimits } from '../../limits/service-limits.js';
import { addSubjectState, LIMITS } from './subject-state.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { hasAnswered, TokenEndpointLimits } from './token-endpoint-limits.js';
import { requestToken, type Destination } from './token-endpoint-request.js';
import { DEADLINE, waitInTime } from './token-endpoint-retries.js';

/**
 * Metadata of an authorization server is discovered again after an hour. While the server is down, it serves for a day.
 */
const METADATA_LIFETIME = { fresh: 60 * 60_000, stale: 24 * 60 * 60_000 };

type DestinedRequest = [
  destination: Destination,
  grantType: string,
  parameters: FormParameters,
  options: TokenEndpointOptions,
];

/** Sends forms to the token endpoints of issuers and of other authorization servers. */
@Injectable()
export class TokenEndpoints {
  readonly #limits = new TokenEndpointLimits(DEADLINE);
  readonly #introspections = new ServiceLimits(LIMITS);
  readonly #foreign = new Map<string, Renewable<IssuerMetadata>>();

  constructor(
    private readonly options: ResolvedOptions,
    private readonly issuers: Issuers,
  ) {}

  /**
   * The token endpoint of a caller's issuer, if the server is registered as a client there.
   *
   * Callers with one issuer and subject share the requests that one of them may have at once.
   */
  createFor({ issuer, subject, claims }: Pick<Caller, 'issuer' | 'subject' | 'claims'>): TokenEndpoint {
    const party = deriveKey('downstream-caller', issuer, subject);
    return {
      request: async (grantType, parameters, options = {}) => {
        const { authorizationServer } = options;
        if (!authorizationServer) {
          const destination = await this.#findDestination(issuer, claims);
          try {
            return await this.#request(party, destination, grantType, parameters, options);
          } catch (error) {
            if (!(error instanceof TokenEndpointError)) throw error;
            throw await addSubjectState(error, destination, grantType, parameters, (ask) => {
              const name = { service: destination.metadata.issuer, endpoint: 'introspection' } as const;
              return this.#introspections.execute(
                name,
                { party, kind: 'subject' },
                ask,
                (outcome) => 'result' in outcome,
              );
            });
          }
        }
        try {
          const metadata = await this.#getMetadata(authorizationServer);
          const { client } = authorizationServer;
          return await this.#request(party, { metadata, client }, grantType, parameters, options);
        } catch (error) {
          if (!(error instanceof TokenEndpointError)) throw error;
          const message = `${authorizationServer.issuer}: ${error.message}`;
          throw new TokenEndpointError(message, { ...error.failure, foreign: true });
        }
      },
    };
  }

  async #request(party: string, ...request: DestinedRequest): Promise<TokenEndpointAnswer> {
    const [destination, kind] = request;
    return await requestToken(...request, (attempt) =>
      this.#limits.execute(destination.metadata.issuer, { party, kind }, attempt, hasAnswered),
    );
  }

  async #findDestination(name: string, claims: TokenClaims): Promise<Destination> {
    const issuer = this.issuers.findIssuer(claims);
    const client = issuer && findClient(issuer.options, this.options.clients);
    if (!issuer || !client) {
      throw new TokenEndpointError(`the client is not registered at ${name}`, { error: 'client_not_registered' });
    }
    return { metadata: await waitInTime(issuer.getMetadata(), createLateError), client };
  }

  /** @throws IssuerUnusableError, or TokenEndpointError if it takes too long */
  async #getMetadata({ issuer, metadataUrl, acceptClearText }: ForeignAuthorizationServer): Promise<IssuerMetadata> {
    const key = deriveKey('authorization-server', issuer, metadataUrl, String(acceptClearText));
    let metadata = this.#foreign.get(key);
    if (!metadata) {
      metadata = new Renewable(
        () => discoverMetadata(issuer, { metadataUrl, acceptClearText, needed: ['token_endpoint'] }),
        METADATA_LIFETIME,
        (failure) => {
          countRefused({ service: issuer, endpoint: 'metadata' });
          return failure ?? createOverdueError(issuer, 'metadata');
        },
      );
      this.#foreign.set(key, metadata);
    }
    return await waitInTime(metadata.get(), createLateError);
  }
}

function createLateError(when: string): TokenEndpointError {
  return new TokenEndpointError(`the metadata ${when}`, { timedOut: true });
}
