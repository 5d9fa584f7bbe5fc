import { timingSafeEqual } from 'node:crypto';
import type { Shares } from '../../limits/shares.js';
import type { Holder } from '../../limits/tally.js';
import type { DpopOptions, MutualTlsOptions } from './proof-options.js';
import { ClientCertificates, type CertificateSource } from './client-certificate.js';
import type { TokenScheme } from './credentials.js';
import { DpopProofs } from './dpop-proof.js';
import { ProofError } from './proof-error.js';
import { isJsonObject } from '../../json/json-object.js';

/** The parts of a Node request that may prove possession of a key. */
export interface ProofSource extends CertificateSource {
  readonly method?: string | undefined;
}

/** Members of `cnf` that this server can check (RFC 9449 section 6.1, RFC 8705 section 3.1). */
const KNOWN_MEMBERS = new Set(['jkt', 'x5t#S256']);

/** Members of `cnf` that name another key (RFC 7800 section 3). Others, such as Keycloak's own, are ignored. */
const OTHER_KEYS = new Set(['jwk', 'jwe', 'jku', 'kid']);

/** Checks that the sender of a bound token possesses the token's key or certificate. */
export class ProofOfPossession {
  readonly #dpop: DpopProofs | undefined;
  readonly #certificates: ClientCertificates | undefined;
  readonly #required: { readonly either: boolean; readonly dpop: boolean; readonly mutualTls: boolean };

  /** @param shares - of used proofs */
  constructor(
    {
      resource,
      bindingRequired = false,
      dpop,
      mutualTls,
    }: {
      readonly resource: string;
      readonly bindingRequired?: boolean;
      readonly dpop: DpopOptions | undefined;
      readonly mutualTls: MutualTlsOptions | undefined;
    },
    shares: Shares,
  ) {
    this.#dpop = dpop && new DpopProofs(resource, dpop, shares);
    this.#certificates = mutualTls && new ClientCertificates(mutualTls);
    this.#required = {
      either: bindingRequired,
      dpop: dpop?.required ?? false,
      mutualTls: mutualTls?.required ?? false,
    };
  }

  /** Value of the `DPoP-Nonce` header, if nonces are required. */
  get nonce(): string | undefined {
    return this.#dpop?.nonce;
  }

  /** Accepted algorithms of DPoP proofs. */
  get algorithms(): readonly string[] {
    return this.#dpop?.algorithms ?? [];
  }

  /**
   * @param confirmation - `cnf` of the token (RFC 7800 section 3.1)
   * @param holder - the caller whose token it is
   * @throws {@link ProofError} if the proof of possession fails, or a required binding is missing
   * @throws {@link ReplayStoreError} if the store cannot tell whether the proof was used before
   */
  async check(
    request: ProofSource,
    scheme: TokenScheme,
    token: string,
    confirmation: unknown,
    holder?: Holder,
  ): Promise<void> {
    const bound = readMembers(confirmation);
    const thumbprint = bound.jkt;
    const certificate = bound['x5t#S256'];
    if (this.#required.dpop && thumbprint === undefined)
      throw createProofError('The token is not bound to a key, as it has to be');
    if (this.#required.mutualTls && certificate === undefined)
      throw createProofError('The token is not bound to a certificate, as it has to be');
    if (this.#required.either && (thumbprint ?? certificate) === undefined)
      throw createProofError('The token is bound neither to a key nor to a certificate, as it has to be');
    if ((scheme === 'dpop') !== (thumbprint !== undefined)) {
      throw createProofError(
        scheme === 'dpop'
          ? 'The token is not bound to a key'
          : 'The token is bound to a key, and there is no proof of it',
      );
    }
    if (certificate !== undefined) this.#checkCertificate(request, certificate);
    if (thumbprint === undefined) return;
    if (!this.#dpop) throw createProofError('The token is bound to a key, which is not supported here');
    await this.#dpop.check(request.rawHeaders, { method: request.method, token, thumbprint, holder });
  }

  #checkCertificate(request: ProofSource, expected: string): void {
    if (!this.#certificates) throw createProofError('The token is bound to a certificate, which is not supported here');
    const actual = this.#certificates.computeThumbprint(request);
    if (actual === undefined) throw createProofError('The token is bound to a certificate, and the request has none');
    // Both are 43 characters of base64url.
    if (!timingSafeEqual(Buffer.from(actual), Buffer.from(expected)))
      throw createProofError('The token is bound to another certificate');
  }
}

function readMembers(confirmation: unknown): { readonly jkt?: string; readonly 'x5t#S256'?: string } {
  if (confirmation === undefined) return {};
  const members = isJsonObject(confirmation) ? Object.entries(confirmation) : [];
  const known = members.filter(([name]) => KNOWN_MEMBERS.has(name));
  const isGood =
    known.length > 0 &&
    known.every(([, value]) => typeof value === 'string' && /^[\w-]{43}$/.test(value)) &&
    !members.some(([name]) => OTHER_KEYS.has(name));
  if (!isGood) throw createProofError('The token is bound in a way that is not supported here');
  return Object.fromEntries(known);
}

function createProofError(message: string): ProofError {
  return new ProofError('invalid_token', message);
}
