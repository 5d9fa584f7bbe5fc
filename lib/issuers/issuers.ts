import { Inject, Injectable } from '@nestjs/common';
import { ResolvedOptions } from '../options/mcp-auth-options.js';
import { IssuerKeys } from './issuer-keys.js';
import { discoverMetadata, type IssuerMetadata } from './issuer-metadata.js';

/** Milliseconds after which metadata is discovered anew. */
const MAX_AGE = 60 * 60_000;

/** An authorization server whose tokens are accepted. */
export class Issuer {
  readonly keys: IssuerKeys;
  #metadata: Promise<IssuerMetadata> | undefined;
  #discoveredAt = 0;

  constructor(readonly identifier: string) {
    this.keys = new IssuerKeys(identifier, async () => (await this.metadata()).jwks_uri);
  }

  /**
   * The issuer's metadata, discovered when first asked for; a failure is not remembered.
   *
   * @throws {@link IssuerUnavailableError}
   */
  metadata(): Promise<IssuerMetadata> {
    if (!this.#metadata || Date.now() - this.#discoveredAt > MAX_AGE) {
      this.#discoveredAt = Date.now();
      this.#metadata = discoverMetadata(this.identifier).catch((error: unknown) => {
        this.#metadata = undefined;
        throw error;
      });
    }
    return this.#metadata;
  }
}

/** The configured issuers. Whatever a token names is looked up here and nowhere else. */
@Injectable()
export class Issuers {
  readonly #issuers: ReadonlyMap<string, Issuer>;

  constructor(@Inject(ResolvedOptions) options: ResolvedOptions) {
    this.#issuers = new Map(options.issuers.map((identifier) => [identifier, new Issuer(identifier)]));
  }

  get identifiers(): string[] {
    return [...this.#issuers.keys()];
  }

  find(identifier: string): Issuer | undefined {
    return this.#issuers.get(identifier);
  }
}
