import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CleanLogger } from '../../log/clean-logger.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Issuer } from './issuer.js';

const logger = new CleanLogger('Issuers');

/** The configured issuers. The issuer of a token is looked up only here. */
@Injectable()
export class Issuers implements OnModuleInit {
  readonly all: readonly Issuer[];
  #isOverlapKnown = false;

  constructor(options: ResolvedOptions) {
    this.all = options.issuers.map((issuer) => new Issuer(issuer));
  }

  /**
   * Called by Nest.
   *
   * @throws {@link McpAuthConfigurationError} if configured keys are not usable
   */
  async onModuleInit(): Promise<void> {
    for (const issuer of this.all) await issuer.checkGivenKeys();
  }

  /** The issuer of an access token with these claims, which are not verified yet. */
  findIssuer({ iss, tid }: Readonly<Record<string, unknown>>): Issuer | undefined {
    return typeof iss === 'string' ? this.all.find((issuer) => issuer.hasIssued(iss, tid)) : undefined;
  }

  /** The issuer of an ID token or a logout token with these claims, which are not verified yet. */
  findSignIn({ iss, tid }: Readonly<Record<string, unknown>>): Issuer | undefined {
    return typeof iss === 'string' ? this.all.find((issuer) => issuer.hasSignedIn(iss, tid)) : undefined;
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

  /** Once, because anyone can send such a token. */
  #warnOfOverlap(issuers: readonly Issuer[]): void {
    if (this.#isOverlapKnown) return;
    this.#isOverlapKnown = true;
    const names = issuers.map(({ identifier }) => identifier).join(', ');
    logger.warn(
      `A token was refused, because \`introspection.tokens\` of several issuers match it: ${names}. Make the patterns narrower, so that each token is of one issuer`,
    );
  }
}

/** A pattern has to match from the first character on. What matches further in may be of anybody. */
function isAnyOf(tokens: RegExp | undefined, token: string): boolean {
  return tokens === undefined || tokens.exec(token)?.index === 0;
}
