/** The party that is about to act: the server's own client, or the subject of its actor token. */
export interface ActingParty {
  /** `client_id`, or `sub` of the actor token. */
  readonly id: string;
  /** The issuer that the id belongs to. */
  readonly issuer: string;
}

/** Members of `may_act` that name a party, besides `iss`. */
const NAMES = ['sub', 'client_id'] as const;

/**
 * Whether a party may act for the subject of these claims (RFC 8693 section 4.4). Without `may_act` the authorization
 * server alone decides. Each name in `may_act` has to match the party. A `may_act` without a name allows nobody.
 */
export function mayAct(claims: Readonly<Record<string, unknown>>, { id, issuer }: ActingParty): boolean {
  const { may_act: party } = claims;
  if (party === undefined) return true;
  if (typeof party !== 'object' || party === null) return false;
  const named = party as Readonly<Record<string, unknown>>;
  const names = NAMES.filter((name) => named[name] !== undefined);
  const isNamed = names.length > 0 && names.every((name) => named[name] === id);
  return isNamed && (named.iss === undefined || named.iss === issuer);
}
