import { decodeJwt } from 'jose';
import type { default as Provider, KoaContextWithOIDC } from 'oidc-provider';

/** What the token endpoint did, without the tokens themselves. */
export interface TokenEvent {
  readonly grantType: string;
  readonly clientId: string;
  /** The resource that the client named (RFC 8707). */
  readonly resource?: string;
  readonly status: number;
  readonly claims?: TokenClaims;
  readonly error?: string;
}

export interface TokenClaims {
  readonly aud?: string | string[];
  readonly sub?: string;
  readonly scope?: string;
  readonly act?: unknown;
}

export function emitTokenEvents(provider: Provider, onToken: (event: TokenEvent) => void): void {
  provider.on('grant.success', (ctx) => {
    const { access_token: accessToken } = ctx.body as { access_token: string };
    onToken({ ...grantOf(ctx), status: 200, claims: tokenClaims(accessToken) });
  });
  provider.on('grant.error', (ctx, error) => {
    const reason = error.error_detail ?? error.error_description;
    onToken({ ...grantOf(ctx), status: error.status, error: [error.error, reason].filter(Boolean).join(': ') });
  });
}

export function tokenClaims(token: string): TokenClaims {
  const { aud, sub, scope, act } = decodeJwt<TokenClaims>(token);
  return { ...(aud && { aud }), ...(sub && { sub }), ...(scope && { scope }), ...(act !== undefined && { act }) };
}

function grantOf({ oidc }: KoaContextWithOIDC): Pick<TokenEvent, 'grantType' | 'clientId' | 'resource'> {
  const resource = oidc.params?.resource;
  return {
    grantType: String(oidc.params?.grant_type),
    clientId: oidc.client?.clientId ?? '',
    ...(typeof resource === 'string' && { resource }),
  };
}
