import { CleanLogger } from '../../log/clean-logger.js';
import { countRefused, countStaleKeys } from '../../observability/metrics.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { TENANT, type ResolvedIssuer } from './resolved-issuer.js';
import { computeClockSkew } from './clock-skew.js';
import { fetchFromIssuer } from './issuer-fetch.js';
import { isBackendUrl } from '../../options/option-rules.js';
import { describeError } from '../../errors/reason.js';
import { IssuerKeys } from './issuer-keys.js';
import { IssuerName } from './issuer-name.js';
import { discoverMetadata, type IssuerMetadata } from './issuer-metadata.js';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import { createOverdueError, Renewable } from './renewable.js';
import { canVerify, readVerificationKeys, type VerificationKey } from './verification-key.js';

/** Metadata is rediscovered after an hour. While the issuer is down it is used for a day. */
const METADATA_LIFETIME = { fresh: 60 * 60_000, stale: 24 * 60 * 60_000 };

const logger = new CleanLogger('Issuer');

/** An authorization server whose tokens are accepted. */
export class Issuer {
  readonly keys: IssuerKeys;
  readonly #metadata: Renewable<IssuerMetadata>;
  /** `iss` of its access tokens. */
  readonly #tokenName: IssuerName;
  /** Its name in its metadata, and in ID tokens and logout tokens. */
  readonly #metadataName: IssuerName;
  #clockSkewSeconds: number | undefined;
  /** Whether the operator was told that stale keys are used. */
  #areStaleKeysKnown = false;

  constructor(readonly options: ResolvedIssuer) {
    const { identifier, tokenIssuer, metadataIssuer, metadataUrl, tenant } = options;
    const told = new WeakSet<Error>();
    const warn = (error: unknown) => {
      // Keys cannot be fetched without metadata: that is one failure.
      if (error instanceof Error) {
        if (told.has(error)) return;
        told.add(error);
      }
      logger.error(describeError(error));
    };
    const discover = () =>
      discoverMetadata(identifier, {
        metadataIssuer,
        metadataUrl,
        acceptClearText: options.acceptClearText,
        needed: listNeeded(options),
        onAnswer: (answer) => {
          this.#clockSkewSeconds = computeClockSkew(answer);
        },
      });
    this.#metadata = new Renewable(discover, METADATA_LIFETIME, createRefusal(options, 'metadata'), warn);
    this.keys = new IssuerKeys(() => this.#loadKeys(), options.staleKeysMs, {
      refuse: createRefusal(options, 'keys'),
      onFailure: warn,
      onStale: () => {
        this.#recordStaleKeys();
      },
    });
    this.#tokenName = new IssuerName(tokenIssuer, tenant);
    this.#metadataName = new IssuerName(metadataIssuer, tenant);
  }

  get identifier(): string {
    return this.options.identifier;
  }

  /** Whether this issuer issued an access token with these `iss` and `tid`. */
  hasIssued(iss: string, tid: unknown): boolean {
    return this.#tokenName.matches(iss, tid);
  }

  /** Whether this issuer issued an ID token or a logout token with these `iss` and `tid`. */
  hasSignedIn(iss: string, tid: unknown): boolean {
    return this.#metadataName.matches(iss, tid);
  }

  /** `iss` of the ID tokens of a user whose access tokens have this `iss`. */
  nameInIdTokens(iss: string): string {
    return this.#metadataName.translate(iss, this.#tokenName);
  }

  /** `iss` of the access tokens of a user whose ID tokens have this `iss`. */
  nameInAccessTokens(iss: string): string {
    return this.#tokenName.translate(iss, this.#metadataName);
  }

  /** `iss` of the access tokens as AD FS names it in its metadata, if that is loaded. */
  get publishedTokenIssuer(): unknown {
    return this.#metadata.latest?.access_token_issuer;
  }

  /**
   * The issuer's metadata (RFC 8414).
   *
   * @throws {@link IssuerUnusableError} if it is not available, and no usable metadata is cached
   */
  async getMetadata(): Promise<IssuerMetadata> {
    return await this.#metadata.get();
  }

  /** The authorization endpoint (RFC 8414 section 2), if the metadata is loaded and names one to send users to. */
  get authorizationEndpoint(): string | undefined {
    const endpoint: unknown = this.#metadata.latest?.authorization_endpoint;
    if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return undefined;
    return isBackendUrl(new URL(endpoint), this.options.acceptClearText) ? endpoint : undefined;
  }

  /** Seconds by which the issuer's clock was ahead of ours when its metadata was fetched; `undefined` if unknown. */
  get clockSkewSeconds(): number | undefined {
    return this.#clockSkewSeconds;
  }

  /**
   * Makes sure that tokens can be verified.
   *
   * @throws {@link IssuerUnusableError} if not
   */
  async ensure(): Promise<void> {
    const { introspection } = this.options;
    if (!introspection || introspection.includesJwts) await this.keys.ensure();
    if (introspection && introspection.endpoint === undefined) await this.getMetadata();
  }

  /**
   * Checks that configured keys are usable, because they are never fetched.
   *
   * @throws {@link McpAuthConfigurationError} if none of them is
   */
  async checkGivenKeys(): Promise<void> {
    const { jwks, identifier, algorithms } = this.options;
    if (!jwks) return;
    const keys = await this.#loadKeys().catch(() => []);
    if (keys.some((key) => algorithms.some((algorithm) => canVerify(key, algorithm)))) return;
    throw new McpAuthConfigurationError([
      `\`jwks\` of the issuer ${identifier} has no key that can verify a token. Give public keys for signatures, of the types that \`algorithms\` need.`,
    ]);
  }

  /** Counts each use, and tells the operator of the first one after a fetch. */
  #recordStaleKeys(): void {
    countStaleKeys(this.identifier);
    if (this.#areStaleKeysKnown) return;
    this.#areStaleKeysKnown = true;
    const [age, limit] = [this.keys.age, this.keys.maxAge].map((milliseconds) => Math.round(milliseconds / 60_000));
    logger.warn(
      `Tokens of ${this.identifier} are verified with keys that were fetched ${age} minutes ago, because newer ones cannot be fetched. A key that was withdrawn since is still accepted, until the keys are ${limit} minutes old (\`staleKeysMs\`)`,
    );
  }

  async #loadKeys(): Promise<readonly VerificationKey[]> {
    const { jwks, tenant, identifier } = this.options;
    const keys: unknown = jwks ? jwks.keys : await this.#fetchKeys();
    const isTenanted = identifier.includes(TENANT) || tenant !== undefined;
    try {
      const read = await readVerificationKeys(
        isTenanted && Array.isArray(keys) ? keys.filter((key) => isForTenant(key, tenant)) : keys,
      );
      this.#areStaleKeysKnown = false;
      return read;
    } catch (error) {
      throw this.#createKeysError(error);
    }
  }

  async #fetchKeys(): Promise<unknown> {
    let { jwks_uri } = await this.getMetadata();
    if (jwks_uri === undefined) ({ jwks_uri } = await this.#metadata.renew());
    if (jwks_uri === undefined) throw this.#createKeysError(new Error('its metadata has no jwks_uri'));
    try {
      return ((await (await fetchFromIssuer(jwks_uri)).json()) as { keys: unknown }).keys;
    } catch (error) {
      // The keys may have moved: the next attempt rediscovers the metadata.
      this.#metadata.expire();
      throw this.#createKeysError(new Error(`${jwks_uri}: ${describeError(error)}`, { cause: error }));
    }
  }

  #createKeysError(cause: unknown): IssuerUnusableError {
    return new IssuerUnusableError(this.identifier, `no usable keys. ${describeError(cause)}`, { cause });
  }
}

/** Makes and counts the errors of callers who are not to wait for an issuer that does not answer, or fails. */
function createRefusal({ identifier, template }: ResolvedIssuer, endpoint: 'metadata' | 'keys') {
  return (failure: unknown) => {
    countRefused({ service: template, endpoint });
    return failure ?? createOverdueError(identifier, endpoint);
  };
}

/** Members of the metadata that an issuer is of no use without. */
function listNeeded({ jwks, introspection }: ResolvedIssuer): readonly (keyof IssuerMetadata)[] {
  return [
    ...(jwks ? [] : (['jwks_uri'] as const)),
    ...(introspection && introspection.endpoint === undefined ? (['introspection_endpoint'] as const) : []),
    'token_endpoint',
  ];
}

/** Entra ID names in a key's `issuer` the tenant it is for, or all of them. */
function isForTenant(key: unknown, tenant: string | undefined): boolean {
  const { issuer } = (key ?? {}) as { issuer?: unknown };
  if (issuer === undefined) return true;
  if (typeof issuer !== 'string') return false;
  return issuer.includes(TENANT) || (tenant !== undefined && issuer.split('/').includes(tenant));
}
