import { Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import type { TokenScheme } from '../authentication/credentials.js';
import { ProofOfPossession } from '../authentication/proof-of-possession.js';
import { readToken } from '../authentication/signed-token.js';
import { selectSufficientScopes, type AccessRule } from '../access/access-rule.js';
import type { AccessDeniedError } from '../authorization/access-denied-error.js';
import { ScopeHierarchy } from '../access/scope-hierarchy.js';
import { Catalogue } from '../catalogue/catalogue.js';
import type { Offer } from '../catalogue/primitive.js';
import type { ProtectedSurface } from '../catalogue/protected-surface.js';
import type { ChallengeRemedy } from '../../errors/downstream-error.js';
import { Issuers } from '../issuers/issuers.js';
import { findResourceScopeProblem } from '../../options/option-rules.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { ChallengeException } from './challenge.exception.js';
import type { ChallengeError } from './challenge.js';

/** Limits in characters. Clients and proxies may reject responses with much longer headers. */
const MAX_SCOPES_LENGTH = 2_000;
const MAX_ACR_VALUES_LENGTH = 500;

const DESCRIPTIONS: Readonly<Record<ChallengeRemedy['challenge'], string>> = {
  invalid_token: 'The token is no longer valid for an API that the operation calls',
  insufficient_claims: 'An API that the operation calls demands further claims',
  insufficient_user_authentication:
    'An API that the operation calls needs the user to sign in again, or in a stronger way',
  insufficient_scope: 'The token lacks a scope that the operation, or an API that it calls, needs',
};

/** The refused request. */
export interface RefusedRequest {
  readonly scheme?: TokenScheme | undefined;
  /** The target of the request, if it exists. */
  readonly primitive?: Offer | undefined;
  /** The surface behind the endpoint. Defaults to the catalogue. */
  readonly surface?: ProtectedSurface | undefined;
  /** The token that was refused. Its `iss` tells from which issuer its sender will ask for another. */
  readonly token?: string | undefined;
}

/** Creates the challenges of one server: their scheme, and the scopes in the form that clients request. */
@Injectable()
export class Challenges {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly issuers: Issuers,
    private readonly proof: ProofOfPossession,
    private readonly hierarchy: ScopeHierarchy,
  ) {}

  /**
   * The scopes that a client should start with, in the form that it requests them in. Where issuers want different forms,
   * each scope is there in every form: it is unknown which issuer the client chooses.
   */
  get initialScopes(): readonly string[] {
    return this.#selectScopes(this.catalogue.initialScopes, this.#prefixes);
  }

  /** Creates a challenge for a request without a valid token. */
  createTokenChallenge(
    { scheme, primitive, surface = this.catalogue, token }: RefusedRequest,
    error?: ChallengeError,
    description?: string,
  ): ChallengeException {
    // The scopes of a hidden primitive would reveal that it exists.
    const needed =
      primitive && this.options.list === 'all' ? selectSufficientScopes(primitive.access, this.hierarchy) : [];
    const asked = needed.length > 0 ? needed : surface.initialScopes;
    const issuer = token === undefined ? undefined : readToken(token, this.issuers)?.issuer;
    const scopes = this.#selectScopes(asked, issuer ? [issuer.options.scopePrefix] : this.#prefixes);
    return this.#create(scheme, {
      ...(error && { error }),
      ...(description !== undefined && { errorDescription: description }),
      scopes,
    });
  }

  /** Creates a challenge for a caller whose token is valid but insufficient. */
  createAccessChallenge(
    caller: Caller,
    scheme: TokenScheme | undefined,
    { reason, scopes, rule }: Pick<AccessDeniedError, 'reason' | 'scopes' | 'rule'>,
  ): ChallengeException {
    const isSignIn = reason === 'insufficient_user_authentication';
    const { acrValues, maxAgeMs }: Partial<AccessRule> = (isSignIn ? rule : undefined) ?? {};
    const prefixes = [this.issuers.findIssuer(caller.claims)?.options.scopePrefix ?? ''];
    const held = this.options.challenge === 'union' ? caller.scopes : [];
    return this.#create(scheme, {
      error: isSignIn ? 'insufficient_user_authentication' : 'insufficient_scope',
      errorDescription: isSignIn
        ? 'The operation needs the user to sign in again, or in a stronger way'
        : 'The token lacks a scope that the operation needs',
      scopes: this.#selectScopes([...scopes, ...held], prefixes),
      ...(acrValues && { acrValues }),
      maxAgeMs,
    });
  }

  /**
   * Creates a challenge for a caller whose token is valid here but insufficient for a downstream.
   *
   * @param remedies - what the downstreams require, most urgent first. One challenge asks for the scopes of all of them
   * @param scopes - the scopes that the operation itself requires
   * @returns `undefined` if no other token would help
   */
  createDownstreamChallenge(
    caller: Caller,
    scheme: TokenScheme | undefined,
    remedies: readonly ChallengeRemedy[],
    scopes: readonly string[],
  ): ChallengeException | undefined {
    const [first] = remedies;
    if (!first) return undefined;
    const issuer = this.issuers.findIssuer(caller.claims);
    const held = this.options.challenge === 'union' ? caller.scopes : [];
    const missing = remedies.flatMap((remedy) => (remedy.challenge === 'insufficient_scope' ? remedy.scopes : []));
    // If the caller already holds the scopes, another challenge would only loop.
    if (first.challenge === 'insufficient_scope' && this.#hasScopes(caller, [...scopes, ...missing])) return undefined;
    return this.#create(scheme, {
      error: first.challenge,
      errorDescription: DESCRIPTIONS[first.challenge],
      scopes: this.#selectScopes([...scopes, ...missing, ...held], [issuer?.options.scopePrefix ?? '']),
      ...(first.challenge === 'insufficient_claims' && {
        claims: first.claims,
        authorizationUri: issuer?.authorizationEndpoint,
      }),
      ...(first.challenge === 'insufficient_user_authentication' && {
        acrValues: limitLength(first.acrValues, MAX_ACR_VALUES_LENGTH),
        maxAgeMs: first.maxAgeMs,
      }),
    });
  }

  #create(
    scheme: TokenScheme | undefined,
    parameters: Omit<ConstructorParameters<typeof ChallengeException>[0], 'resourceMetadataUrl'>,
  ): ChallengeException {
    const { dpop, resourceMetadataUrl } = this.options;
    return new ChallengeException({
      ...parameters,
      ...(scheme === 'dpop' && dpop && { scheme: 'DPoP' }),
      resourceMetadataUrl,
      proofAlgorithms: dpop && this.proof.algorithms,
      proofRequired: dpop?.required ?? false,
    });
  }

  /** What clients put before a scope, by issuer. */
  get #prefixes(): readonly string[] {
    const prefixes = new Set(this.options.issuers.map(({ scopePrefix }) => scopePrefix));
    return prefixes.size > 0 ? [...prefixes] : [''];
  }

  #selectScopes(scopes: readonly string[], prefixes: readonly string[]): readonly string[] {
    // Held scopes and scopes computed from arguments may be malformed.
    const usable = scopes.filter((scope) => !findResourceScopeProblem(scope));
    const forms = prefixes.flatMap((prefix) => usable.map((scope) => `${prefix}${scope}`));
    return limitLength([...new Set(forms)], MAX_SCOPES_LENGTH);
  }

  #hasScopes({ scopes: held }: Caller, scopes: readonly string[]): boolean {
    const effective = this.hierarchy.expand(held);
    return scopes.every((scope) => effective.has(scope));
  }
}

/** Drops the words that do not fit. */
function limitLength(words: readonly string[], length: number): readonly string[] {
  let taken = 0;
  return words.filter((word) => (taken += word.length + 1) <= length);
}
