import { describeError } from '../errors/reason.js';
import { TokenEndpointError, type TokenEndpointFailure } from '../errors/token-endpoint-error.js';
import { clientCredentials } from '../on-behalf-of/dialects/client-credentials.js';
import type { ExchangeDialect, ExchangedToken } from '../on-behalf-of/dialects/dialect.js';
import { selectDownstream, type ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import { TokenEndpoints } from '../on-behalf-of/token-endpoint/token-endpoint.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { AccessToken, type Caller } from '../resource-server/access/caller.js';
import type { Issuer } from '../resource-server/issuers/issuer.js';
import type { Issuers } from '../resource-server/issuers/issuers.js';
import { findClient } from '../resource-server/issuers/resolved-issuer.js';
import type { Finding } from './finding.js';
import { nameScreen, type Topic } from './provider-screens.js';

/** Stands for the token of a caller. Every provider has to refuse it. */
const MADE_UP = 'made-up-by-the-doctor-of-nestjs-mcp-auth';

/** `error` of a provider that has looked at the token itself, and refuses it: the client may ask. */
const REFUSES_TOKEN = new Set(['invalid_grant', 'invalid_token']);

/** Asks the token endpoints what they would answer to calls. */
export class ExchangeProbes {
  readonly #endpoints: TokenEndpoints;

  constructor(
    private readonly options: ResolvedOptions,
    issuers: Issuers,
  ) {
    this.#endpoints = new TokenEndpoints(options, issuers);
  }

  /** Asks an issuer with a token that it has to refuse, and for the scopes of each downstream. */
  async probe(issuer: Issuer): Promise<readonly Finding[]> {
    if (!findClient(issuer.options, this.options.clients)) return [];
    const caller = makeUpCaller(issuer.options.tokenIssuer);
    const findings = await Promise.all(
      this.#listExchanges(issuer).map(async (target) => [
        ...(await this.#probeExchange(target, caller, issuer)),
        ...(await this.#probeScopes(target, caller, issuer)),
      ]),
    );
    // A client that is refused is refused for each downstream.
    return [...new Map(findings.flat().map((one) => [`${one.code} ${one.subject}`, one])).values()];
  }

  /** Exchanges the token of a caller for each downstream. */
  async exchange(caller: Caller, issuer: Issuer): Promise<readonly Finding[]> {
    const findings = await Promise.all(
      this.#listExchanges(issuer).map(async (target): Promise<Finding> => {
        try {
          const token = await this.#ask(target.dialect, target, caller, caller.token.reveal());
          return {
            code: 'exchange_works',
            severity: 'info',
            subject: target.option,
            message: `Step 9: ${describeTarget(target)} was asked of ${issuer.identifier}. A token came back${describeGrant(token)}.`,
            fix: 'Nothing.',
          };
        } catch (error) {
          return explain(error, target, issuer.identifier);
        }
      }),
    );
    return findings;
  }

  /** Downstreams for which the caller's token goes to the issuer. */
  #listExchanges(issuer: Issuer): readonly ResolvedDownstream[] {
    return [...this.options.downstreams.values()]
      .map((downstream) => selectDownstream(downstream, issuer.options))
      .filter(({ dialect, linked }) => !linked && dialect.subject === 'caller' && dialect.grantTypes.length > 0);
  }

  async #probeExchange(target: ResolvedDownstream, caller: Caller, issuer: Issuer): Promise<readonly Finding[]> {
    try {
      await this.#ask(target.dialect, target, caller, MADE_UP);
    } catch (error) {
      const failure = error instanceof TokenEndpointError ? error.failure : undefined;
      return failure && isAboutToken(failure, describeError(error)) ? [] : [explain(error, target, issuer.identifier)];
    }
    return [
      {
        code: 'exchange_refused',
        severity: 'error',
        subject: issuer.identifier,
        message: 'It has given a token for one that the doctor made up.',
        fix: 'Check what answers at its token endpoint. No token of it can be trusted.',
      },
    ];
  }

  /** A client may ask for its own scopes, too. What else it is refused for says nothing about them. */
  async #probeScopes(target: ResolvedDownstream, caller: Caller, issuer: Issuer): Promise<readonly Finding[]> {
    if (target.scopes.length === 0) return [];
    try {
      await this.#ask(clientCredentials(), target, caller, '');
    } catch (error) {
      if (error instanceof TokenEndpointError && error.failure.error === 'invalid_scope')
        return [explain(error, target, issuer.identifier)];
    }
    return [];
  }

  async #ask(
    dialect: ExchangeDialect,
    target: ResolvedDownstream,
    caller: Caller,
    subjectToken: string,
  ): Promise<ExchangedToken | undefined> {
    return await dialect.exchange({
      target,
      caller,
      subjectToken,
      claims: undefined,
      dpop: await target.dpop?.handle(),
      tokenEndpoint: this.#endpoints.createFor(caller.issuer, caller.claims),
    });
  }
}

function makeUpCaller(issuer: string): Caller {
  return {
    issuer,
    subject: 'nobody',
    clientId: undefined,
    appOnly: false,
    scopes: [],
    claims: { iss: issuer, sub: 'nobody' },
    expiresAtMs: Date.now() + 60_000,
    token: new AccessToken(MADE_UP),
  };
}

/** RFC 8693 section 2.2.2 has `invalid_request` for a subject token, and Keycloak for a grant that is off, too. */
function isAboutToken({ status, error }: TokenEndpointFailure, message: string): boolean {
  if (status === undefined || status === 401) return false;
  return (
    error !== undefined && (REFUSES_TOKEN.has(error) || (error === 'invalid_request' && !/enabled/i.test(message)))
  );
}

/** Which topic an answer belongs to. What the provider writes in prose only sharpens the advice. */
function findTopic({ status, error }: TokenEndpointFailure, message: string): Topic {
  if (/not enabled|unsupported_grant_type/i.test(message)) return 'exchange';
  if (status === 401 || error === 'invalid_client') return 'client';
  if (error === 'unauthorized_client') return 'exchange';
  if (error === 'invalid_scope') return 'scope';
  return 'target';
}

const CODES = {
  audience: 'exchange_refused',
  client: 'client_rejected',
  exchange: 'exchange_not_allowed',
  scope: 'scope_not_allowed',
  target: 'target_refused',
} as const;

function explain(thrown: unknown, target: ResolvedDownstream, issuer: string): Finding {
  const message = describeError(thrown);
  const came = `${describeTarget(target)} was asked of ${issuer}. What came back: ${message}.`;
  if (!(thrown instanceof TokenEndpointError) || thrown.failure.status === undefined)
    return {
      code: 'exchange_refused',
      severity: 'error',
      subject: target.option,
      message: `Step 9: ${came}`,
      fix: 'Check that this machine reaches the token endpoint, and the credentials in `client.authentication`.',
    };
  const topic = findTopic(thrown.failure, message);
  return {
    code: CODES[topic],
    severity: 'error',
    subject: topic === 'client' || topic === 'exchange' ? issuer : target.option,
    message: `Step 9: ${came}`,
    fix: nameScreen(issuer, topic),
  };
}

function describeTarget({ name, audience, resource, scopes }: ResolvedDownstream): string {
  const parts = { audience, resource, scope: scopes.length > 0 ? scopes.join(' ') : undefined };
  const asked = Object.entries(parts).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${String(value)}`],
  );
  return `A token for ${name}${asked.length > 0 ? ` (${asked.join(', ')})` : ''}`;
}

function describeGrant(token: ExchangedToken | undefined): string {
  return token?.grantedScopes ? ` with the scopes ${token.grantedScopes.join(' ') || '(none)'}` : '';
}
