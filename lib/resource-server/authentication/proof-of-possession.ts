import { timingSafeEqual } from 'node:crypto';
import type { Shares } from '../../limits/shares.js';
import type { Holder } from '../../limits/tally.js';
import type { DpopOptions, MutualTlsOptions } from './proof-options.js';
import { ClientCertificates, type CertificateSource } from './client-certificate.js';
import type { TokenScheme } from './credentials.js';
import { DpopProofs } from './dpop-proof.js';
import { compareValues, tellStart } from '../../errors/refusal.js';
import { ProofError } from './proof-error.js';
import { isJsonObject } from '../../json/json-object.js';

/** The parts of a Node request that may prove possession of a key. */
export interface ProofSource extends CertificateSource {
  readonly method?: string | undefined;
}

/** What a token is bound to: a key, a certificate, both or nothing. */
export interface Binding {
  readonly jkt?: string;
  readonly 'x5t#S256'?: string;
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

  /** Whether there is nothing to prove: a bearer token that is bound to nothing, where none has to be. */
  isNeedless(scheme: TokenScheme, confirmation: unknown): boolean {
    const { either, dpop, mutualTls } = this.#required;
    return confirmation === undefined && scheme !== 'dpop' && !either && !dpop && !mutualTls;
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
    const bound = this.checkBinding(confirmation);
    const thumbprint = bound.jkt;
    const certificate = bound['x5t#S256'];
    const held = describeBinding(bound);
    if (scheme === 'dpop' && thumbprint === undefined)
      throw createProofError(
        'The token is not bound to a key',
        `${held}, and it came under the scheme DPoP`,
        'Have the client send it as `Bearer`, or have the issuer bind it (DPoP has to be on for the client there).',
      );
    if (scheme !== 'dpop' && thumbprint !== undefined)
      throw createProofError(
        'The token is bound to a key, and there is no proof of it',
        `${held}, and it came under the scheme Bearer`,
        'Have the client send it under the scheme `DPoP`, with a proof. Gateways must not change the scheme.',
      );
    if (certificate !== undefined) this.#checkCertificate(request, certificate);
    if (thumbprint === undefined) return;
    const { method, rawHeaders } = request;
    await this.#selectDpop(bound).check(rawHeaders, { method, token, thumbprint, holder });
  }

  /**
   * Checks how a token is bound, whoever sends it.
   *
   * @param confirmation - `cnf` of the token (RFC 7800 section 3.1)
   * @returns the members of it that the sender has to prove
   * @throws {@link ProofError} if a required binding is missing, or there is one that is not supported here
   */
  checkBinding(confirmation: unknown): Binding {
    const bound = readMembers(confirmation);
    const thumbprint = bound.jkt;
    const certificate = bound['x5t#S256'];
    const held = describeBinding(bound);
    if (this.#required.dpop && thumbprint === undefined)
      throw createProofError('The token is not bound to a key, as it has to be', held, REQUIRED('proof.dpop.required'));
    if (this.#required.mutualTls && certificate === undefined)
      throw createProofError(
        'The token is not bound to a certificate, as it has to be',
        held,
        REQUIRED('proof.mutualTls.required'),
      );
    if (this.#required.either && (thumbprint ?? certificate) === undefined)
      throw createProofError(
        'The token is bound neither to a key nor to a certificate, as it has to be',
        held,
        REQUIRED('proof.required'),
      );
    if (thumbprint !== undefined) this.#selectDpop(bound);
    if (certificate !== undefined) this.#selectCertificates(certificate);
    return bound;
  }

  #selectDpop(bound: Binding): DpopProofs {
    if (this.#dpop) return this.#dpop;
    throw createProofError(
      'The token is bound to a key, which is not supported here',
      describeBinding(bound),
      'Set `proof.dpop` to accept such tokens, or have the issuer bind none for clients of this server.',
    );
  }

  #selectCertificates(thumbprint: string): ClientCertificates {
    if (this.#certificates) return this.#certificates;
    throw createProofError(
      'The token is bound to a certificate, which is not supported here',
      tellCertificate(thumbprint),
      'Set `proof.mutualTls` to accept such tokens, or have the issuer bind none for clients of this server.',
    );
  }

  #checkCertificate(request: ProofSource, expected: string): void {
    const wanted = tellCertificate(expected);
    const certificates = this.#selectCertificates(expected);
    const actual = certificates.computeThumbprint(request);
    if (actual === undefined)
      throw createProofError(
        'The token is bound to a certificate, and the request has none',
        `${wanted}, and ${certificates.describeSource(request)}`,
        'Have the TLS server ask clients for a certificate. Behind a proxy, set `proof.mutualTls.certificate` to the header that it sets, and to its addresses.',
      );
    // Both are 43 characters of base64url.
    if (!timingSafeEqual(Buffer.from(actual), Buffer.from(expected)))
      throw createProofError(
        'The token is bound to another certificate',
        `${wanted}, and that of the certificate of the request with ${tellStart(actual)}`,
        'Have the client use the certificate with which it got the token. Behind a proxy, check that the header has the certificate of the client, and not that of the proxy.',
      );
  }
}

function tellCertificate(thumbprint: string): string {
  return `its cnf.x5t#S256 begins with ${tellStart(thumbprint)}`;
}

function readMembers(confirmation: unknown): Binding {
  if (confirmation === undefined) return {};
  const members = isJsonObject(confirmation) ? Object.entries(confirmation) : [];
  const known = members.filter(([name]) => KNOWN_MEMBERS.has(name));
  const isGood =
    known.length > 0 &&
    known.every(([, value]) => typeof value === 'string' && /^[\w-]{43}$/.test(value)) &&
    !members.some(([name]) => OTHER_KEYS.has(name));
  if (!isGood)
    throw createProofError(
      'The token is bound in a way that is not supported here',
      compareValues('what its cnf has', isJsonObject(confirmation) ? Object.keys(confirmation) : [], [
        ...KNOWN_MEMBERS,
      ]),
      'Have the issuer bind tokens by DPoP (RFC 9449) or by certificate (RFC 8705), or not at all.',
    );
  return Object.fromEntries(known);
}

const REQUIRED = (option: string) =>
  `Have the issuer bind the tokens of clients of this server, or remove \`${option}\`.`;

function describeBinding(bound: Binding): string {
  const members = Object.keys(bound);
  return members.length === 0 ? 'its cnf is missing' : `its cnf has ${members.join(' and ')}`;
}

function createProofError(message: string, detail: string, fix: string): ProofError {
  return new ProofError('invalid_token', message, { detail, fix });
}
