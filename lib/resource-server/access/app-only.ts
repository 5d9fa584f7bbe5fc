import type { TokenClaims } from './claims.js';

/**
 * Whether claims say that a token was issued to an application for itself, in the words of any provider. A provider may
 * leave these claims out, so a token without them need not have a user.
 */
export function hasApplicationMark(claims: TokenClaims): boolean {
  return MARKS.some((isMarked) => isMarked(claims));
}

/**
 * Whether claims tell of a user: nothing marks an application, and the subject is another than the client (RFC 9068
 * section 2.2). Where no client is named, there has to be a sign-in (RFC 9068 section 2.2.1).
 *
 * @param clientId - the client that the token was issued to, if it is known
 */
export function hasUser(claims: TokenClaims, subject: string, clientId: string | undefined): boolean {
  if (hasApplicationMark(claims)) return false;
  const clients = listClientIds(claims, clientId);
  if (clients.includes(subject)) return false;
  return clients.length > 0 || SIGN_IN_CLAIMS.some((claim) => claims[claim] !== undefined);
}

/**
 * Everything that names the client of a token.
 *
 * @param clientId - the client, as found by the options of the issuer
 */
export function listClientIds(claims: TokenClaims, clientId: string | undefined): readonly unknown[] {
  return [clientId, ...CLIENT_CLAIMS.map((claim) => claims[claim])].filter((client) => client !== undefined);
}

const CLIENT_CLAIMS = ['client_id', 'azp', 'appid', 'cid'];

/** Only where a user signs in there are a time, methods and a session. */
const SIGN_IN_CLAIMS = ['auth_time', 'amr', 'sid'];

/** How providers mark tokens of the client credentials grant. */
const MARKS: readonly ((claims: TokenClaims) => boolean)[] = [
  // Auth0 and FusionAuth have `gty`; UAA, XSUAA and ForgeRock `grant_type`.
  ({ gty, grant_type: grantType }) =>
    [gty, grantType].flat().some((grant) => grant === 'client-credentials' || grant === 'client_credentials'),
  // Auth0.
  ({ sub, azp, client_id: clientId }) =>
    [azp, clientId].some((id) => typeof id === 'string' && sub === `${id}@clients`),
  // WSO2.
  ({ aut }) => aut === 'APPLICATION',
  isEntraApplication,
  isKeycloakServiceAccount,
  // Kubernetes, whose service accounts are named so.
  ({ sub }) => typeof sub === 'string' && sub.startsWith('system:serviceaccount:'),
];

/** `idtyp` is optional. The subject of an application is its object, and it has no delegated scopes (`scp`). */
function isEntraApplication({ idtyp, tid, oid, sub, scp }: TokenClaims): boolean {
  if (idtyp === 'app') return true;
  return typeof tid === 'string' && typeof oid === 'string' && (oid === sub || scp === undefined);
}

/** `jti` of Keycloak 26 and later: the session, the kind of token and the grant, in two letters each. */
const KEYCLOAK_ID = /^([a-z]{2})(?:rt|lt|un)([a-z]{2}):/;

/**
 * `jti` names the grant, and whether there is a session. Without a session only an assertion (`ag`) brings a user.
 * `preferred_username` needs the scope `profile`, and the claims about the host the scope `service_account`. Before
 * version 26 a token of a user names the session.
 */
function isKeycloakServiceAccount(claims: TokenClaims): boolean {
  const { jti, iss, typ, azp, sid, session_state: session } = claims;
  const isNamedSo = [claims.preferred_username, claims.username].some(
    (name) => typeof name === 'string' && name.startsWith('service-account-'),
  );
  if (isNamedSo || claims.clientHost !== undefined || claims.clientAddress !== undefined) return true;
  const id = typeof jti === 'string' ? KEYCLOAK_ID.exec(jti) : null;
  if (id) return id[2] === 'cc' || (id[1] === 'tr' && id[2] !== 'ag');
  const isOfRealm = typeof iss === 'string' && iss.includes('/realms/') && typeof azp === 'string';
  return isOfRealm && (typ === 'Bearer' || typ === 'DPoP') && sid === undefined && session === undefined;
}
