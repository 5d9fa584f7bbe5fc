import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Issuer } from './issuer.js';

/** The configured issuers. Whatever a token names is looked up here and nowhere else. */
@Injectable()
export class Issuers implements OnModuleInit {
  readonly all: readonly Issuer[];

  constructor(options: ResolvedOptions) {
    this.all = options.issuers.map((issuer) => new Issuer(issuer));
  }

  /** Called by Nest. @throws {@link McpAuthConfigurationError} for given keys that cannot be used */
  async onModuleInit(): Promise<void> {
    for (const issuer of this.all) await issuer.checkGivenKeys();
  }

  /** The issuer that a token with these claims can be of; they are not verified yet. */
  findIssuer({ iss, tid }: Readonly<Record<string, unknown>>): Issuer | undefined {
    return typeof iss === 'string' ? this.all.find((issuer) => issuer.hasIssued(iss, tid)) : undefined;
  }

  /** The issuer that an opaque token is looked up at. */
  findIntrospecting(token: string): Issuer | undefined {
    return this.all.find(
      ({ options: { introspection } }) => introspection && (introspection.tokens?.test(token) ?? true),
    );
  }
}
