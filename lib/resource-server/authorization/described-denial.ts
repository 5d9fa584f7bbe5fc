import { compareValues, tellTime, tellValue, type Refusal } from '../../errors/refusal.js';
import { toReadable } from '../../errors/reason.js';
import type { DenialReason } from '../../observability/audit-event.js';
import type { Caller } from '../access/caller.js';
import type { Denial } from '../access/policy.js';
import type { Offer } from '../catalogue/primitive.js';

/** A denied operation, as far as its description needs it. */
export interface DescribedDenial {
  readonly reason: DenialReason;
  readonly caller: Caller | undefined;
  readonly scopes: readonly string[];
  readonly primitive?: Offer | undefined;
  readonly policy?: string | undefined;
  readonly denial?: Denial | undefined;
  readonly cause?: unknown;
  /** Ids of the clients that may use the server. */
  readonly clients?: readonly string[] | undefined;
}

/** Describes a denial for operators: what the caller has, what is wanted, and what would change it. */
export function describeDenial(denied: DescribedDenial): Refusal {
  const { reason, caller, scopes, policy = '', denial, cause, clients = [] } = denied;
  const issuer = caller?.issuer ?? 'the issuer';
  switch (reason) {
    case 'client_not_allowed':
      return {
        detail: compareValues('its client', caller?.clientId, clients),
        fix: `If the client may use this server, add it to \`clients\` of the issuer ${issuer}.`,
      };
    case 'insufficient_scope':
      return {
        detail: compareValues('what its scopes are', caller?.scopes, scopes),
        fix: `Clients ask ${issuer} for these by themselves. If one comes back without them, let the client and the user have them there; if it cannot ask, see \`scopes.initial\`.`,
      };
    case 'insufficient_user_authentication':
      return {
        detail: describeSignIn(denied),
        fix: `\`acrValues\` and \`maxAgeMs\` of the tool demand that. Clients sign users in again. ${issuer} has to write acr and auth_time into access tokens.`,
      };
    case 'app_only':
      return {
        detail: `its token stands for the client ${tellValue(caller?.clientId)} alone, and wanted is one of a user`,
        fix: 'If clients without a user may do this, set `appOnly` of the tool, or `access.appOnly`, to "allow".',
      };
    case 'policy':
      return {
        detail: `the policy ${policy} denied it${denial ? `: ${tellValue(denial.message)}` : ''}`,
        fix: `Look at what ${policy} decides. No option changes that.`,
      };
    case 'undecided':
      return {
        detail: `what decides about it failed with ${readName(cause)}`,
        fix: 'Look at the policies and the `scopes` function of the tool. The log has the error, under the same reference.',
      };
    case 'other_resource':
      return {
        detail: 'its schema, or a pipe, made the URI of another resource of it, which has another rule',
        fix: 'Have these leave the URI as it is, or give both resources the same rule.',
      };
    case 'insufficient_claims':
    case 'invalid_token':
      return {
        detail: 'a downstream of the tool demands another sign-in of the caller',
        fix: 'The client gets a challenge. The log has what the provider or the API said, under the same reference.',
      };
  }
}

function describeSignIn({ caller, primitive }: DescribedDenial): string {
  const { acr, auth_time: authenticatedAt } = caller?.claims ?? {};
  const { acrValues = [], maxAgeMs } = primitive?.access ?? {};
  const age = maxAgeMs === undefined ? '' : ` a sign-in within ${maxAgeMs / 1000} s`;
  const strength = acrValues.length === 0 ? '' : ` acr ${tellValue(acrValues)}`;
  return `its acr is ${tellValue(acr)} and its auth_time is ${tellTime(authenticatedAt)}, and wanted is${[strength, age].filter((one) => one !== '').join(' and')}`;
}

function readName(cause: unknown): string {
  const error = toReadable(cause);
  return error instanceof Error ? error.name : typeof error;
}
