import { Inject, Injectable } from '@nestjs/common';
import { ResolvedOptions } from '../options/mcp-auth-options.js';
import { IssuerKeys } from './issuer-keys.js';
import { discoverMetadata, type IssuerMetadata } from './issuer-metadata.js';

/** Milliseconds after which metadata is discovered anew. */
const MAX_AGE = 60 * 60_000;

/** An authorization server whose tokens are accepted. */
export class Issuer {
  readonly keys: IssuerKeys;
  #metadata: IssuerMetadata | undefined;
  #discoveredAt = 0;
  #discovery: Promise<IssuerMetadata> | undefined;

  constructor(readonly identifier: string) {
    this.keys = new IssuerKeys(identifier, async () => (await this.metadata()).jwks_uri);
  }

  /**
   * The issuer's metadata, discovered when first asked for and anew after a while. Where that fails, what was found
   * before still holds; a failure is not remembered.
   *
   * @throws {@link IssuerUnavailableError} if there is none yet
   */
  async metadata(): Promise<IssuerMetadata> {
    if (this.#metadata && Date.now() - this.#discoveredAt <= MAX_AGE) return this.#metadata;
    this.#discovery ??= this.#discover().finally(() => (this.#discovery = undefined));
    return await this.#discovery;
  }

  async #discover(): Promise<IssuerMetadata> {
    try {
      this.#metadata = await discoverMetadata(this.identifier);
    } catch (error) {
      if (!this.#metadata) throw error;
    }
    this.#discoveredAt = Date.now();
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
