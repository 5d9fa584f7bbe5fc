import { Injectable } from '@nestjs/common';
import type { Caller } from '../../resource-server/access/caller.js';
import { ClientCredentialsError } from '../../errors/client-credentials-error.js';
import { DownstreamError, TemporaryFailureError } from '../../errors/downstream-error.js';
import type { TokenDemand } from './token-demand.js';
import { OwnTokens } from '../../resource-server/authentication/own-tokens.js';
import { Issuers } from '../../resource-server/issuers/issuers.js';
import type { AuditContext } from '../../observability/audit-event.js';
import { AuditLog } from '../../observability/audit-log.js';
import { traceExchange } from '../../observability/exchange-span.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import { findClient } from '../../resource-server/issuers/resolved-issuer.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { CallTokens } from '../token-cache/call-tokens.js';
import { ServerTokenCache } from '../token-cache/server-token-cache.js';
import type { TokenRequest } from '../token-cache/token-request.js';
import type { ExchangeDialect, ExchangedToken } from '../dialects/dialect.js';
import { ExchangeHealth } from './exchange-health.js';
import { createDownstreamError } from '../failures/failure-error.js';
import { describeFailure } from '../failures/failure-refusal.js';
import { classifyExchangeFailure, isFinal } from '../failures/failure-table.js';
import { mayAct } from '../dialects/may-act.js';
import { findOwnAuthority } from '../dialects/own-authority.js';
import { nameIssuer, nameParty } from './failed-party.js';
import { identifyOwner, deriveTokenKey, type TokenShape } from './token-key.js';
import { TokenEndpoints } from '../token-endpoint/token-endpoint.js';
import { waitInTime } from '../token-endpoint/token-endpoint-retries.js';

/** What is known of one call. */
interface CallMemory {
  /** The keys by downstream. Each is computed once. */
  readonly keys: Map<string, TokenRequest['key']>;
  /** The claims requests of the APIs, by downstream. An API would demand them again for the next request. */
  readonly claims: Map<string, string>;
  readonly tokens: CallTokens;
}

/**
 * Gets the token for a downstream.
 *
 * @param demand - set if the API refused the previous token
 * @throws {@link CallerActionError}, {@link OperatorActionError} or {@link TemporaryFailureError} if no token is
 *   available
 */
type ExchangedTokens = (target: ResolvedDownstream, demand?: TokenDemand) => Promise<ExchangedToken>;

/** Gets tokens for downstreams on behalf of callers, by their dialects, and from the cache if possible. */
@Injectable()
export class TokenExchange {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly issuers: Issuers,
    private readonly endpoints: TokenEndpoints,
    private readonly cache: ServerTokenCache,
    private readonly health: ExchangeHealth,
    private readonly audit: AuditLog,
    private readonly ownTokens: OwnTokens,
  ) {}

  /**
   * Gets tokens on behalf of a caller, for one call. However often the call asks for one, it is exchanged once, unless
   * the API refuses it.
   *
   * @param describe - tells audit events of the request
   */
  prepareTokens(caller: Caller | undefined, describe: () => AuditContext): ExchangedTokens {
    let memory: CallMemory | undefined;
    return async (target, demand) => {
      memory ??= { keys: new Map(), claims: new Map(), tokens: new CallTokens() };
      return await this.#getToken(caller, target, demand, describe, memory);
    };
  }

  async #getToken(
    caller: Caller | undefined,
    target: ResolvedDownstream,
    demand: TokenDemand | undefined,
    describe: () => AuditContext,
    memory: CallMemory,
  ): Promise<ExchangedToken> {
    const dialect = selectDialect(caller, target);
    const issuer = caller && this.issuers.findIssuer(caller.claims);
    const client = issuer && findClient(issuer.options, this.options.clients);
    if (!caller || (!client && dialect.grantTypes.length > 0)) throw createNotRegisteredError(caller, target);
    const demanded = memory.claims.get(target.name);
    const claims = demand?.claims ?? demanded;
    const shape = { caller, client, dialect, target, claims };
    this.#checkMayAct(shape);
    const owner = identifyOwner(shape);
    if (demand?.claims !== undefined) {
      // The refused token is kept under the claims of before.
      const key = await this.#deriveKey({ ...shape, claims: demanded }, memory);
      await this.cache.forget({ key, owner }, demand.refused);
      memory.claims.set(target.name, demand.claims);
    }
    const token = await this.cache.get({
      key: await this.#deriveKey(shape, memory),
      owner,
      refused: demand?.refused,
      call: memory.tokens,
      isFinal,
      isTemporary: (error) => error instanceof TemporaryFailureError,
      source: { issuer: this.#nameIssuer(caller), downstream: target.name },
      obtain: () => this.#obtain(caller, target, dialect, claims, describe),
    });
    // An issuer may answer with the very token that it was sent.
    if (token.value !== caller.token.reveal()) this.ownTokens.remember(token);
    return token;
  }

  /**
   * RFC 8693 section 4.4: a party that `may_act` does not name must not act, even if the provider would allow it. If
   * the dialect has an actor, the dialect checks that actor.
   */
  #checkMayAct({ caller, client, dialect, target }: Omit<TokenShape, 'claims'>): void {
    if (dialect.subject !== 'caller' || dialect.hasActor) return;
    if (client ? mayAct(caller.claims, { id: client.id, issuer: caller.issuer }) : !('may_act' in caller.claims))
      return;
    throw createDownstreamError(
      'caller_access_denied',
      `No token for ${target.name}: may_act of the caller's token does not name this client`,
      {},
      target,
    );
  }

  /** @throws {@link OperatorActionError} if the credentials of the client, or of its actor, are not available */
  async #deriveKey(shape: TokenShape, { keys }: CallMemory): Promise<TokenRequest['key']> {
    const { target, claims } = shape;
    const known = claims === undefined ? keys.get(target.name) : undefined;
    if (known) return known;
    try {
      const key = await waitInTime(deriveTokenKey(shape), createLateError);
      if (claims === undefined) keys.set(target.name, key);
      return key;
    } catch (error) {
      const failure = classifyExchangeFailure(error, shape.target, shape.dialect);
      this.health.recordFailure(shape.target.name, failure, { issuer: this.#nameIssuer(shape.caller) });
      throw failure;
    }
  }

  async #obtain(
    caller: Caller,
    target: ResolvedDownstream,
    dialect: ExchangeDialect,
    claims: string | undefined,
    describe: () => AuditContext,
  ): Promise<ExchangedToken> {
    const { name, audience, resource, scopes } = target;
    const exchange = { ...describe(), downstream: name, audience, targetResource: resource, scopes };
    try {
      const token = await traceExchange(name, async () => {
        try {
          return await this.#exchange(caller, target, dialect, claims);
        } catch (error) {
          throw classifyExchangeFailure(error, target, dialect);
        }
      });
      this.health.recordSuccess(name, this.#nameIssuer(caller));
      this.audit.record({ ...exchange, type: 'token_exchanged' });
      return token;
    } catch (error) {
      this.health.recordFailure(name, error, {
        issuer: this.#nameIssuer(caller),
        party: this.#findParty(caller, dialect, error),
      });
      const code = error instanceof DownstreamError ? error.code : 'exchange_misconfigured';
      this.audit.record({ ...exchange, type: 'token_exchange_failed', code, ...describeFailure(error, target) });
      throw error;
    }
  }

  #nameIssuer(caller: Caller): string {
    return nameIssuer(this.issuers, caller);
  }

  /**
   * Who a failure may be about. It is about the server alone if the server's credentials are refused, or if no caller's
   * token was sent. One tenant of many may refuse the server that another tenant accepts.
   */
  #findParty(caller: Caller, { subject }: ExchangeDialect, failure: unknown): string | undefined {
    const party = nameParty(this.issuers, caller);
    if (party === caller.issuer) return party;
    const isOfServer = failure instanceof DownstreamError && failure.code === 'client_rejected';
    return isOfServer || subject === 'client' ? undefined : party;
  }

  async #exchange(
    caller: Caller,
    target: ResolvedDownstream,
    dialect: ExchangeDialect,
    claims: string | undefined,
  ): Promise<ExchangedToken> {
    const token = await dialect.exchange({
      target,
      caller,
      subjectToken: dialect.subject === 'caller' ? caller.token.reveal() : '',
      claims,
      dpop: await target.dpop?.handle(),
      tokenEndpoint: this.endpoints.createFor(caller),
    });
    if (!token) throw new Error(`the dialect ${dialect.name} returned no token`);
    return token;
  }
}

function createLateError(when: string): ClientCredentialsError {
  return new ClientCredentialsError(`the credentials of the client, or its actor token, ${when}`);
}

/** @throws {@link CallerActionError} if the caller has no user and the downstream needs one */
function selectDialect(caller: Caller | undefined, target: ResolvedDownstream): ExchangeDialect {
  const { dialect, onAppOnly, name } = target;
  if (!caller?.appOnly || dialect.subject !== 'caller') return dialect;
  const own = onAppOnly === 'clientCredentials' && findOwnAuthority(dialect);
  if (own) return own;
  throw createDownstreamError(
    'caller_without_user',
    `No token for ${name}: the caller's token has no user`,
    {},
    target,
  );
}

function createNotRegisteredError(caller: Caller | undefined, target: ResolvedDownstream): DownstreamError {
  if (!caller)
    return createDownstreamError(
      'caller_without_user',
      `No token for ${target.name}: the caller is anonymous`,
      {},
      target,
    );
  const message = `No token for ${target.name}: \`client\` is not registered at ${caller.issuer}`;
  return createDownstreamError('exchange_misconfigured', message, { error: 'client_not_registered' }, target);
}
