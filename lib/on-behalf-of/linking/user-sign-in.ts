import { Injectable } from '@nestjs/common';
import { authorizationCodeGrant, buildAuthorizationUrl, type Configuration } from 'openid-client';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import type { TokenClaims } from '../../resource-server/access/claims.js';
import { readClaim } from '../../resource-server/authentication/claim-source.js';
import type { Issuer } from '../../resource-server/issuers/issuer.js';
import type { ClaimSource } from '../../resource-server/issuers/issuer-options.js';
import { Issuers } from '../../resource-server/issuers/issuers.js';
import { findClient, SUBJECT } from '../../resource-server/issuers/resolved-issuer.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type { SubjectClaims } from '../options/linked-account-options.js';
import type { CodeRequest } from './account-servers.js';
import type { LinkRequest } from './link-records.js';
import { createOAuthClient, OAuthLimits } from './oauth-client.js';

type Named = Pick<LinkRequest, 'issuer' | 'tenant'>;
type User = Named & Pick<LinkRequest, 'subject'>;

/**
 * Identifies the user of a browser. The user signs in at the issuer of the caller's token (OpenID Connect Core section
 * 3.1).
 */
@Injectable()
export class UserSignIn {
  readonly #limits = new OAuthLimits();

  constructor(
    private readonly options: ResolvedOptions,
    private readonly issuers: Issuers,
  ) {}

  /** Whether the server is registered at a user's issuer, so that the user can sign in there. */
  isKnown(user: Named): boolean {
    return this.#findRegistration(user) !== undefined;
  }

  /** The URL to send the browser to. */
  async createAuthorizationUrl(
    user: User,
    { redirectUri, state, codeChallenge, nonce }: CodeRequest & { readonly nonce: string },
  ): Promise<URL> {
    return buildAuthorizationUrl(await this.#createClient(user), {
      redirect_uri: redirectUri.href,
      scope: 'openid',
      state,
      nonce,
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
    });
  }

  /**
   * Sends the code from the browser to the token endpoint.
   *
   * @param currentUrl - the redirect URI, with the received query
   * @returns the claim value that names the user; `undefined` if the ID token has none
   * @throws what openid-client throws, for example for an ID token of another issuer, client or request
   */
  async identify(
    user: User,
    currentUrl: URL,
    expected: { readonly state: string; readonly codeVerifier: string; readonly nonce: string },
  ): Promise<string | undefined> {
    const answer = await authorizationCodeGrant(await this.#createClient(user), currentUrl, {
      expectedState: expected.state,
      pkceCodeVerifier: expected.codeVerifier,
      expectedNonce: expected.nonce,
      idTokenExpected: true,
    });
    return readIdentity(answer.claims() ?? {}, this.nameClaims(user).idToken);
  }

  /** Where a user is named, in access tokens and in ID tokens. */
  nameClaims(user: Named): Record<keyof SubjectClaims, ClaimSource<string>> {
    const { subjectClaims } = this.options.linking;
    if (subjectClaims) return subjectClaims;
    const source = this.#findIssuer(user)?.options.subjectSource ?? SUBJECT;
    return { accessToken: source, idToken: source };
  }

  #findIssuer({ issuer: iss, tenant: tid }: Named): Issuer | undefined {
    return this.issuers.findIssuer({ iss, tid });
  }

  #findRegistration(user: Named) {
    const issuer = this.#findIssuer(user);
    const client = issuer && findClient(issuer.options, this.options.linking.clients);
    return client && { issuer, client };
  }

  async #createClient(user: User): Promise<Configuration> {
    const registration = this.#findRegistration(user);
    if (!registration) throw new IssuerUnusableError(user.issuer, 'it is no longer configured');
    const metadata = await registration.issuer.getMetadata();
    // If one configuration serves many tenants, the ID token has to come from the caller's own issuer.
    const issuer = registration.issuer.nameInIdTokens(user.issuer);
    const { acceptClearText } = registration.issuer.options;
    const pass = this.#limits.createFor(issuer, user);
    return createOAuthClient({ ...metadata, issuer }, { ...registration.client, acceptClearText }, pass);
  }
}

/** The value that names a user of one issuer, in access tokens and ID tokens alike. */
export function readIdentity(claims: TokenClaims, source: ClaimSource<string>): string | undefined {
  const identity = readClaim(claims, source);
  return typeof identity === 'string' && identity !== '' ? identity : undefined;
}
