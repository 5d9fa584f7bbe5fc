import { Injectable, type OnModuleInit } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { CleanLogger } from '../../log/clean-logger.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Issuer } from './issuer.js';
import { ResolvedIssuers } from './resolved-issuers.js';

const logger = new CleanLogger('Issuers');

/** The configured issuers. The issuer of a token is looked up only here. */
@Injectable()
export class Issuers implements OnModuleInit {
  /** Those that are known at boot. */
  readonly all: readonly Issuer[];
  readonly #resolved: ResolvedIssuers | undefined;
  /** Issuers of tokens that were verified, by their claims. They hold as long as the token does. */
  readonly #verified = new WeakMap<object, Issuer>();

  constructor(options: ResolvedOptions) {
    this.all = options.issuers.map((issuer) => new Issuer(issuer));
    this.#resolved = options.issuerResolver && new ResolvedIssuers(options.issuerResolver);
  }

  /**
   * Called by Nest.
   *
   * @throws {@link McpAuthConfigurationError} if configured keys are not usable
   */
  async onModuleInit(): Promise<void> {
    for (const issuer of this.all) await issuer.checkGivenKeys();
  }

  /** Those that the application has found for tokens, and are kept. */
  get resolved(): readonly Issuer[] {
    return this.#resolved?.all ?? [];
  }

  /** The issuer of an access token with these claims, which need not be verified. */
  findIssuer(claims: Readonly<Record<string, unknown>>): Issuer | undefined {
    const { iss, tid } = claims;
    if (typeof iss !== 'string') return undefined;
    const known = this.#verified.get(claims) ?? this.all.find((issuer) => issuer.hasIssued(iss, tid));
    return known ?? this.#resolved?.find(iss);
  }

  /** The issuer of an ID token or a logout token with these claims, which are not verified yet. */
  findSignIn({ iss, tid }: Readonly<Record<string, unknown>>): Issuer | undefined {
    if (typeof iss !== 'string') return undefined;
    return [...this.all, ...this.resolved].find((issuer) => issuer.hasSignedIn(iss, tid));
  }

  /** Remembers the issuer of verified claims, for as long as someone has them. */
  remember(claims: object, issuer: Issuer): void {
    this.#verified.set(claims, issuer);
  }

  /**
   * Has the application look up the issuer of a token, if it is not among those that are known at boot.
   *
   * @param address - of whoever sent the token
   * @throws {@link IssuerUnusableError} if that is not possible now
   */
  resolve(token: string, address?: string): Promise<void> | undefined {
    if (!this.#resolved) return undefined;
    const { iss, tid } = readClaims(token);
    if (typeof iss !== 'string' || this.all.some((issuer) => issuer.hasIssued(iss, tid))) return undefined;
    return this.#resolved.resolve(iss, address);
  }

  /** The issuer that introspects an opaque token. A token that may be of several is shown to none of them. */
  findIntrospecting(token: string): Issuer | undefined {
    const [issuer, ...others] = this.all.filter(
      ({ options: { introspection } }) => introspection && isAnyOf(introspection.tokens, token),
    );
    if (!issuer || others.length === 0) return issuer;
    this.#warnOfOverlap([issuer, ...others]);
    return undefined;
  }

  /** Anyone can send such a token. */
  #warnOfOverlap(issuers: readonly Issuer[]): void {
    const names = issuers.map(({ identifier }) => identifier).join(', ');
    logger.sum(
      'warn',
      names,
      `A token was refused, because \`introspection.tokens\` of several issuers match it: ${names}. Make the patterns narrower, so that each token is of one issuer`,
    );
  }
}

/** A pattern has to match from the first character on. What matches further in may be of anybody. */
function isAnyOf(tokens: RegExp | undefined, token: string): boolean {
  return tokens === undefined || tokens.exec(token)?.index === 0;
}

/** The claims of a JWT, which are not verified. What is no JWT has none. */
function readClaims(token: string): Readonly<Record<string, unknown>> {
  try {
    return decodeJwt(token);
  } catch {
    return {};
  }
}
