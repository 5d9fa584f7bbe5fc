import { createLocalJWKSet, errors as joseErrors, jwtVerify, type JWK, type JWTPayload } from 'jose';
import type { default as Provider, TokenEndpointGrantContext, UnknownObject } from 'oidc-provider';
import { errors } from './oidc-provider.js';
import { resourceServer, type ProtectedResource } from './protected-resource.js';

export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** RFC 8693 §4.1: who acts for the subject; whoever acted before is nested. */
interface Actor {
  readonly sub: string;
  readonly act?: Actor;
}

interface SubjectToken extends JWTPayload {
  readonly sub: string;
  readonly exp: number;
  readonly scope?: string;
  readonly act?: Actor;
  readonly may_act?: { readonly sub?: string };
}

type TokenExchangeParameters = Readonly<
  Partial<
    Record<'subject_token' | 'subject_token_type' | 'requested_token_type' | 'actor_token' | 'scope', string> &
      Record<'audience' | 'resource', string | string[]>
  >
>;

type TokenExchangeContext = TokenEndpointGrantContext<TokenExchangeParameters>;

export interface TokenExchangeOptions {
  /** What each client that may exchange is known as: tokens must have been issued for one of these resources. */
  readonly resourcesOfClient: ReadonlyMap<string, readonly string[]>;
  readonly targets: readonly ProtectedResource[];
  readonly publicKey: JWK;
}

/** RFC 8693 token exchange, which oidc-provider leaves to its users. */
export class TokenExchange {
  private readonly keys;
  private readonly actors = new WeakMap<object, Actor>();

  constructor(private readonly options: TokenExchangeOptions) {
    this.keys = createLocalJWKSet({ keys: [options.publicKey] });
  }

  register(provider: Provider): void {
    provider.registerGrantType<TokenExchangeParameters>(
      tokenExchangeGrant,
      (ctx) => this.exchange(ctx),
      ['subject_token', 'subject_token_type', 'requested_token_type', 'actor_token', 'audience', 'resource', 'scope'],
      ['audience', 'resource'],
    );
  }

  /** The claims of an access token beyond those that oidc-provider sets itself. */
  extraTokenClaims(token: object): UnknownObject | undefined {
    const act = this.actors.get(token);
    return act && { act };
  }

  private async exchange(ctx: TokenExchangeContext): Promise<void> {
    const { client, params, provider } = ctx.oidc;
    const ownResources = this.options.resourcesOfClient.get(client.clientId);
    if (!ownResources) throw new errors.UnauthorizedClient('the client may not exchange tokens');
    checkTokenTypes(params);

    const subject = await this.verifySubjectToken(params.subject_token ?? '', provider.issuer, ownResources);
    checkMayAct(subject, client.clientId);
    const target = this.selectTarget(params);
    const scope = narrowScope(params.scope, subject, target);

    const now = Math.floor(Date.now() / 1000);
    const accessToken = new provider.AccessToken({
      client,
      accountId: subject.sub,
      scope,
      gty: tokenExchangeGrant,
      grantId: '', // The user's grant belongs to the client of the subject token, not to this one.
      resourceServer: new provider.ResourceServer(target.audience, resourceServer(target)),
    });
    accessToken.exp = Math.min(now + target.accessTokenLifetime, subject.exp);
    this.actors.set(accessToken, { sub: client.clientId, ...(subject.act && { act: subject.act }) });
    ctx.oidc.entity('AccessToken', accessToken);
    ctx.body = {
      access_token: await accessToken.save(),
      issued_token_type: accessTokenType,
      token_type: accessToken.tokenType,
      expires_in: accessToken.exp - now,
      scope,
    };
  }

  private async verifySubjectToken(token: string, issuer: string, audience: readonly string[]): Promise<SubjectToken> {
    try {
      const { payload } = await jwtVerify<SubjectToken>(token, this.keys, {
        issuer,
        audience: [...audience],
        typ: 'at+jwt',
        algorithms: ['RS256'],
        requiredClaims: ['sub', 'exp'],
      });
      return payload;
    } catch (error) {
      if (!(error instanceof joseErrors.JOSEError)) throw error;
      // RFC 8693 §2.2.2: a subject token that is invalid or unacceptable is an invalid request.
      throw new errors.InvalidRequest(`subject_token: ${error.message}`);
    }
  }

  private selectTarget({ audience = [], resource = [] }: TokenExchangeParameters): ProtectedResource {
    const [identifier, ...others] = new Set([audience, resource].flat());
    if (identifier === undefined) throw new errors.InvalidTarget('audience or resource is required');
    if (others.length > 0) throw new errors.InvalidTarget('only one target can be asked for');
    const target = this.options.targets.find((known) => known.audience === identifier);
    if (!target) throw new errors.InvalidTarget('the target is unknown');
    return target;
  }
}

function checkTokenTypes(params: TokenExchangeParameters): void {
  if (!params.subject_token) throw new errors.InvalidRequest('subject_token is required');
  if (params.subject_token_type !== accessTokenType) {
    throw new errors.InvalidRequest(`subject_token_type must be ${accessTokenType}`);
  }
  if ((params.requested_token_type ?? accessTokenType) !== accessTokenType) {
    throw new errors.InvalidRequest(`requested_token_type must be ${accessTokenType}`);
  }
  if (params.actor_token !== undefined) throw new errors.InvalidRequest('actor_token is not supported');
}

function checkMayAct({ may_act: mayAct }: SubjectToken, clientId: string): void {
  if (mayAct && mayAct.sub !== clientId) {
    throw new errors.InvalidRequest('may_act of the subject_token names another party');
  }
}

function narrowScope(requested: string | undefined, subject: SubjectToken, target: ProtectedResource): string {
  const subjectScopes = (subject.scope ?? '').split(' ');
  const available = target.scopes.filter((scope) => subjectScopes.includes(scope));
  const scopes = requested === undefined ? available : [...new Set(requested.split(' '))];
  const missing = scopes.find((scope) => !available.includes(scope));
  if (missing !== undefined || scopes.length === 0) {
    throw new errors.InvalidScope('the subject_token does not hold the scope', missing ?? '');
  }
  return scopes.join(' ');
}
