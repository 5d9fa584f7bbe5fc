import { Inject, Injectable } from '@nestjs/common';
import * as oauth from 'openid-client';
import type { Caller } from '../authentication/caller.js';
import { issuerClient } from '../issuers/issuer-client.js';
import { reasonOf } from '../issuers/issuer-fetch.js';
import { Issuers } from '../issuers/issuers.js';
import type { AuditContext } from '../observability/audit-event.js';
import { AuditLog } from '../observability/audit-log.js';
import { traceExchange } from '../observability/exchange-span.js';
import { ResolvedOptions, type ResolvedDownstream } from '../options/resolved-options.js';
import { DownstreamError } from './downstream-error.js';
import { ExchangedTokens, type ExchangedToken } from './exchanged-tokens.js';
import type { DownstreamAccess } from './tool-call.js';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** Exchanges a caller's token for one that a downstream accepts (RFC 8693), at the issuer that the caller came from. */
@Injectable()
export class TokenExchange {
  readonly #tokens = new ExchangedTokens();

  constructor(
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(Issuers) private readonly issuers: Issuers,
    @Inject(AuditLog) private readonly audit: AuditLog,
  ) {}

  /**
   * Access to the downstreams on behalf of a caller. Nobody is acted for where nobody had to say who they are.
   *
   * @param event - what audit events say of the request
   */
  onBehalfOf(caller: Caller | undefined, event: AuditContext): DownstreamAccess {
    return {
      baseUrl: (name) => this.#target(name).baseUrl,
      tokenFor: (name) => {
        if (!caller)
          throw new DownstreamError('token_exchange_refused', 'An anonymous caller has no token to exchange', {
            downstream: name,
          });
        return this.#tokenFor(caller, this.#target(name), event);
      },
    };
  }

  #target(name: string): ResolvedDownstream {
    const target = this.options.downstreams.get(name);
    if (!target)
      throw new DownstreamError('downstream_not_declared', `There is no downstream "${name}"`, { downstream: name });
    return target;
  }

  async #tokenFor(caller: Caller, target: ResolvedDownstream, event: AuditContext): Promise<string> {
    const { name, audience, resource, scopes } = target;
    const subjectToken = caller.token.reveal();
    const key = { issuer: caller.issuer, subjectToken, audience, resource, scopes };
    const exchange = { ...event, downstream: name, audience, targetResource: resource, scopes };
    return await this.#tokens.get(key, caller.expiresAt, async () => {
      try {
        const token = await traceExchange(name, () => this.#exchangeOrExplain(caller, target));
        this.audit.record({ ...exchange, type: 'token_exchanged' });
        return token;
      } catch (error) {
        const code = error instanceof DownstreamError ? error.code : 'token_exchange_failed';
        this.audit.record({ ...exchange, type: 'token_exchange_failed', code });
        throw error;
      }
    });
  }

  async #exchangeOrExplain(caller: Caller, target: ResolvedDownstream): Promise<ExchangedToken> {
    try {
      return await this.#exchange(caller, target);
    } catch (error) {
      throw exchangeError(error, target.name);
    }
  }

  async #exchange(caller: Caller, target: ResolvedDownstream): Promise<ExchangedToken> {
    const configuration = await this.#configurationFor(caller);
    const response = await oauth.genericGrantRequest(configuration, TOKEN_EXCHANGE, {
      subject_token: caller.token.reveal(),
      subject_token_type: ACCESS_TOKEN,
      requested_token_type: ACCESS_TOKEN,
      ...(target.audience !== undefined && { audience: target.audience }),
      ...(target.resource !== undefined && { resource: target.resource }),
      ...(target.scopes.length > 0 && { scope: target.scopes.join(' ') }),
    });
    if (response.token_type !== 'bearer')
      throw new Error(`token_type is "${response.token_type}", which was not asked for`);
    const issued = response.issued_token_type;
    if (issued !== ACCESS_TOKEN) throw new Error(`issued_token_type is ${JSON.stringify(issued)}, not an access token`);
    // RFC 6750 section 2.1; what is refused further down would be quoted in the error.
    if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(response.access_token)) throw new Error('access_token is not a bearer token');
    return { value: response.access_token, expiresIn: response.expires_in };
  }

  async #configurationFor({ issuer, claims }: Caller): Promise<oauth.Configuration> {
    const { client } = this.options;
    if (!client || (client.issuer ?? issuer) !== issuer) throw new Error(`the client is not registered at ${issuer}`);
    const metadata = await this.issuers.issuerOf({ ...claims, iss: issuer })?.metadata();
    if (metadata?.token_endpoint === undefined) throw new Error(`${issuer} has no token endpoint`);
    return issuerClient(metadata, client);
  }
}

/**
 * Sorts a failed exchange by what can be done about it: on `error` and status, never on prose. The cause itself is left
 * behind: it may hold the token endpoint's whole answer.
 */
function exchangeError(cause: unknown, downstream: string): DownstreamError {
  const message = `No token for ${downstream}: ${describe(cause)}`;
  const error = refusal(cause);
  if (error !== undefined)
    return new DownstreamError('token_exchange_refused', message, { downstream, advice: adviceFor(error, downstream) });
  const advice = `The ${downstream} API cannot be reached for you right now. Try again later.`;
  return new DownstreamError('token_exchange_failed', message, { downstream, advice });
}

/** `error` of RFC 6749 section 5.2, where the authorization server has decided and would decide so again. */
function refusal(cause: unknown): string | undefined {
  if (cause instanceof oauth.WWWAuthenticateChallengeError) return 'invalid_client';
  if (cause instanceof oauth.ResponseBodyError && cause.status < 500 && cause.status !== 429) return cause.error;
  return undefined;
}

function adviceFor(error: string, downstream: string): string {
  switch (error) {
    case 'invalid_grant':
    case 'invalid_request':
      return `Your sign-in no longer allows calling the ${downstream} API. Sign in again.`;
    case 'invalid_scope':
    case 'access_denied':
    case 'consent_required':
    case 'interaction_required':
      return `You have not been given the access to the ${downstream} API that this tool needs. Ask whoever runs it for access.`;
    default:
      // invalid_client, unauthorized_client, invalid_target, unsupported_grant_type: nothing that a caller can mend.
      return `This server is not set up to call the ${downstream} API for you. Tell whoever runs it.`;
  }
}

function describe(cause: unknown): string {
  if (cause instanceof oauth.ResponseBodyError) {
    const { error, status, error_description = '' } = cause;
    return `${error}, status ${status}, ${JSON.stringify(error_description.slice(0, 200))}`;
  }
  if (cause instanceof oauth.WWWAuthenticateChallengeError)
    return `the client's own authentication was refused, status ${cause.status}`;
  return reasonOf(cause);
}
