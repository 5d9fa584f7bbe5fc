import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Issuer } from './issuer.js';

/** The configured issuers. The issuer of a token is looked up only here. */
@Injectable()
export class Issuers implements OnModuleInit {
  readonly all: readonly Issuer[];

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

  /** The issuer that matches these claims, which are not verified yet. */
  findIssuer({ iss, tid }: Readonly<Record<string, unknown>>): Issuer | undefined {
    return typeof iss === 'string' ? this.all.find((issuer) => issuer.hasIssued(iss, tid)) : undefined;
  }

  /** The issuer that introspects an opaque token. */
  findIntrospecting(token: string): Issuer | undefined {
    return this.all.find(
      ({ options: { introspection } }) => introspection && (introspection.tokens?.test(token) ?? true),
    );
  }
}
