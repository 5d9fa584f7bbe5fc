import { serializeSorted } from '../../json/sorted-json.js';
import type { KeyMember } from '../../replicas/composite-key.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { readSession } from '../../resource-server/access/revocation.js';
import { hashToken } from '../../resource-server/authentication/token-hash.js';
import type { ClientRegistration } from '../../resource-server/clients/client-registration.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import type { TokenOwner } from '../token-cache/token-owner.js';
import type { TokenRequest } from '../token-cache/token-request.js';
import type { ExchangeDialect } from '../dialects/dialect.js';

/** Everything that an exchanged token depends on. */
export interface TokenShape {
  readonly caller: Caller;
  /** The server's registration at the caller's issuer; `undefined` if that issuer is not asked. */
  readonly client: ClientRegistration | undefined;
  readonly dialect: ExchangeDialect;
  readonly target: ResolvedDownstream;
  readonly claims: string | undefined;
}

/** The key of an exchanged token: everything that shaped it, besides the issuer and the subject of its owner. */
export async function deriveTokenKey({
  caller,
  client,
  dialect,
  target,
  claims,
}: TokenShape): Promise<TokenRequest['key']> {
  const { name, audience, resource, scopes, parameters, cacheBy } = target;
  const { fingerprint = [] } = dialect;
  const ofParameters = Object.entries(parameters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([parameter, value]) => [parameter, toList(value)]);
  return [
    client?.id,
    await client?.authentication.version?.(),
    name,
    dialect.name,
    typeof fingerprint === 'function' ? await fingerprint() : fingerprint,
    toList(audience),
    toList(resource),
    [...new Set(scopes)].sort(),
    ofParameters,
    claims,
    await target.dpop?.computeThumbprint(),
    dialect.subject === 'caller' ? listSubjectMembers(caller, cacheBy) : ['client'],
  ];
}

/** The owner of the token, and for how long it may be kept. */
export function identifyOwner({ caller, client, dialect }: Omit<TokenShape, 'claims'>): TokenOwner {
  if (dialect.subject === 'client') {
    const { id = '' } = client ?? dialect.foreign?.authorizationServer?.client ?? {};
    // The server's own token does not expire with the token of the first caller.
    return { issuer: caller.issuer, subject: id, sessionId: undefined, expiresAt: Number.MAX_SAFE_INTEGER };
  }
  return {
    issuer: caller.issuer,
    subject: caller.subject,
    sessionId: readSession(caller).sessionId,
    expiresAt: caller.acceptedUntilMs,
  };
}

/**
 * Claims that differ between the tokens of a session, and say nothing about the user (RFC 7519 section 4.1; the last three
 * are of Entra ID). Every other claim may change what an exchange gives. One that is not known here costs an exchange.
 */
const CLAIMS_OF_ONE_TOKEN = new Set(['exp', 'iat', 'jti', 'nbf', 'aio', 'rh', 'uti']);

/** Without a session, a user is identified by the token itself, never by anything weaker. */
function listSubjectMembers(caller: Caller, cacheBy: 'token' | 'session'): KeyMember {
  const { sessionId: session } = readSession(caller);
  if (cacheBy === 'token' || session === undefined) {
    return ['token', hashToken(caller.token)];
  }
  const lasting = Object.entries(caller.claims).filter(([claim]) => !CLAIMS_OF_ONE_TOKEN.has(claim));
  const claims = serializeSorted(Object.fromEntries(lasting));
  return ['session', session, caller.clientId, [...caller.scopes].sort(), claims];
}

function toList(value: string | readonly string[] | undefined): readonly string[] {
  return [value ?? []].flat();
}
