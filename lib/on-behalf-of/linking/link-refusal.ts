import { compareValues, type Refusal } from '../../errors/refusal.js';
import type { ClaimSource } from '../../resource-server/issuers/issuer-options.js';
import type { SubjectClaims } from '../options/linked-account-options.js';
import type { LinkOutcome } from './link-page.js';

/** What is known of a link that was refused. */
export interface RefusedLink {
  readonly outcome: LinkOutcome;
  /** Why, in one sentence. */
  readonly reason: string;
  /** What came, and what was wanted; the reason, if it says that already. */
  readonly detail?: string;
  /** What would change it, if the failure says more than the outcome does. */
  readonly fix?: string | undefined;
}

/** Describes it for operators. */
export function describeLinkRefusal({ outcome, reason, detail, fix }: RefusedLink, downstream: string): Refusal {
  return { detail: detail ?? reason, fix: fix ?? FIXES[outcome](`downstreams.${downstream}.linked`) };
}

/** The user of the ID token is not the one whose call asked for the link. */
export function compareUsers(
  came: string | undefined,
  wanted: string,
  claims: Record<keyof SubjectClaims, ClaimSource<string>>,
): RefusedLink {
  const idToken = describeSource(claims.idToken);
  const detail = compareValues(`${idToken} of the ID token`, came, [wanted]);
  const names = `\`linking.subjectClaim\` has to name the claims that are the same for a user in access tokens (now \`${describeSource(claims.accessToken)}\`) and in ID tokens (now \`${idToken}\`).`;
  if (came === undefined)
    return {
      outcome: 'unidentified',
      reason: 'the ID token does not name its user',
      detail,
      fix: `Have the provider write \`${idToken}\` into ID tokens. ${names}`,
    };
  return {
    outcome: 'anotherUser',
    reason: 'another user opened the link',
    detail,
    fix: `Nothing has to be changed if these are two users. If every user meets this, ${names}`,
  };
}

function describeSource(source: ClaimSource<string>): string {
  return typeof source === 'string' ? source : 'claims.subject of the issuer';
}

const FIXES: Readonly<Record<LinkOutcome, (option: string) => string>> = {
  expired: () =>
    'The user asks the assistant again, for a new link. If links are unknown on other replicas, set `replicas.store`.',
  anotherBrowser: () =>
    'The user opens a new link, and stays in one browser. If every user meets this, a proxy may take cookies away.',
  anotherUser: () => 'Users sign in as the user that their assistant works for.',
  denied: () => 'The user allows the access, or whoever manages users at the API lets them have it.',
  failed: (option) =>
    `Compare \`${option}\` and \`linking\` with what is registered at both authorization servers, by \`npx nestjs-mcp-auth doctor\`.`,
  misconfigured: (option) =>
    `Compare \`${option}.client\`, its redirect URI and \`scopes\` with what is registered at the authorization server.`,
  unidentified: () => '`linking.subjectClaim` has to name a claim of ID tokens.',
  unavailable: (option) =>
    `Check that this machine reaches the issuer, the authorization server in \`${option}\`, and the store in \`replicas.store\`.`,
};
