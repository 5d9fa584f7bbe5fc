import { describeError } from '../errors/reason.js';
import { TokenEndpointError, type TokenEndpointFailure } from '../errors/token-endpoint-error.js';
import { clientCredentials } from '../on-behalf-of/dialects/client-credentials.js';
import type { ExchangeDialect } from '../on-behalf-of/dialects/dialect.js';
import { selectDownstream, type ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import { AccessToken, type Caller } from '../resource-server/access/caller.js';
import type { Issuer } from '../resource-server/issuers/issuer.js';
import { findClient } from '../resource-server/issuers/resolved-issuer.js';
import { explainExchange } from './exchange-explanation.js';
import type { Finding } from './finding.js';
import type { Rehearsal } from './rehearsal.js';

/** Stands for the token of a caller. Every provider has to refuse it. */
const MADE_UP = 'made-up-by-the-doctor-of-nestjs-mcp-auth';

/** `error` of a provider that has looked at the token itself, and refuses it: the client may ask. */
const REFUSES_TOKEN = new Set(['invalid_grant', 'invalid_token']);

const STEP = 'Probe';

/** Asks the token endpoint of an issuer what it would answer to calls of its callers. */
export async function probeIssuer(
  issuer: Issuer,
  { options, endpoints }: Pick<Rehearsal, 'options' | 'endpoints'>,
): Promise<readonly Finding[]> {
  const hasClient = findClient(issuer.options, options.clients) !== undefined;
  const caller = makeUpCaller(issuer.options.tokenIssuer);
  const probe = new Probe(issuer, caller, endpoints);
  const targets = [...options.downstreams.values()]
    .map((downstream) => selectDownstream(downstream, issuer.options))
    .filter(({ dialect, linked }) => !linked && dialect.subject !== 'none')
    // An authorization server of the API has a client of its own.
    .filter(({ dialect }) => hasClient || dialect.grantTypes.length === 0);
  const findings = await Promise.all(
    targets.map(async (target) =>
      target.dialect.subject === 'client'
        ? await probe.askForOwn(target)
        : [...(await probe.exchange(target)), ...(await probe.askForScopes(target))],
    ),
  );
  return findings.flat();
}

class Probe {
  constructor(
    private readonly issuer: Issuer,
    private readonly caller: Caller,
    private readonly endpoints: Rehearsal['endpoints'],
  ) {}

  /** Asks with a token that has to be refused. */
  async exchange(target: ResolvedDownstream): Promise<readonly Finding[]> {
    try {
      await this.#ask(target.dialect, target, MADE_UP);
    } catch (error) {
      const failure = error instanceof TokenEndpointError ? error.failure : undefined;
      return failure && isAboutToken(failure, describeError(error)) ? [] : [this.#explain(error, target)];
    }
    return [
      {
        code: 'exchange_refused',
        severity: 'error',
        subject: this.issuer.identifier,
        message: `${STEP}: it has given a token for one that the doctor made up.`,
        fix: 'Check what answers at its token endpoint. No token of it can be trusted.',
      },
    ];
  }

  /** A client may ask for its own scopes, too. What else it is refused for says nothing about them. */
  async askForScopes(target: ResolvedDownstream): Promise<readonly Finding[]> {
    if (target.scopes.length === 0) return [];
    try {
      await this.#ask(clientCredentials(), target, '');
    } catch (error) {
      if (error instanceof TokenEndpointError && error.failure.error === 'invalid_scope')
        return [this.#explain(error, target)];
    }
    return [];
  }

  /** Asks for a token of the server's own, which the API is called with. */
  async askForOwn(target: ResolvedDownstream): Promise<readonly Finding[]> {
    try {
      await this.#ask(target.dialect, target, '');
      return [];
    } catch (error) {
      return [this.#explain(error, target)];
    }
  }

  #explain(error: unknown, target: ResolvedDownstream): Finding {
    return explainExchange(error, { target, issuer: this.issuer.identifier, step: STEP });
  }

  async #ask(dialect: ExchangeDialect, target: ResolvedDownstream, subjectToken: string): Promise<void> {
    const { caller, endpoints } = this;
    await dialect.exchange({
      target,
      caller,
      subjectToken,
      claims: undefined,
      dpop: await target.dpop?.handle(),
      tokenEndpoint: endpoints.createFor(caller),
    });
  }
}

function makeUpCaller(issuer: string): Caller {
  const expiresAtMs = Date.now() + 60_000;
  return {
    issuer,
    subject: 'nobody',
    clientId: undefined,
    appOnly: false,
    scopes: [],
    claims: { iss: issuer, sub: 'nobody' },
    expiresAtMs,
    acceptedUntilMs: expiresAtMs,
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
