import { describeError } from '../errors/reason.js';
import { tellTime } from '../errors/refusal.js';
import type { Caller } from '../resource-server/access/caller.js';
import { judgeScopes } from '../resource-server/access/scope-rule.js';
import { InvalidTokenError } from '../resource-server/authentication/invalid-token-error.js';
import { ProofError } from '../resource-server/authentication/proof-error.js';
import type { Binding } from '../resource-server/authentication/proof-of-possession.js';
import { readToken } from '../resource-server/authentication/signed-token.js';
import type { AskedCall } from './api-call.js';
import { checkOldToken } from './clock-checks.js';
import type { ExaminedTool } from './downstream-checks.js';
import { walkDownstreams } from './downstream-walk.js';
import type { Finding } from './finding.js';
import { examineIssuer } from './issuer-examination.js';
import { nameScreen } from './provider-screens.js';
import type { Rehearsal } from './rehearsal.js';
import { checkTokenLifetime } from './token-lifetime.js';
import { checkTokenSize } from './token-size.js';

/** What a token is walked through. */
export interface Walk {
  readonly rehearsal: Rehearsal;
  /** `undefined` if they are not known. */
  readonly tools: readonly ExaminedTool[] | undefined;
  readonly calls: readonly AskedCall[];
}

/**
 * Does with the token of a user what the server does with it at a call, with the very parts of the server: step 7, it is
 * verified; step 8, its scopes are compared with those of the tools; step 9, it is exchanged for each downstream; step 10,
 * the APIs are called. The token is in no finding.
 */
export async function walkToken(token: string, { rehearsal, tools = [], calls }: Walk): Promise<readonly Finding[]> {
  const { verification, proof, options } = rehearsal;
  let binding: Binding = {};
  let caller: Caller;
  try {
    caller = await verification.verify(token, undefined, ({ claims }) => {
      binding = proof.checkBinding(claims.cnf);
    });
  } catch (error) {
    return explainRejection(error, token, rehearsal);
  }
  return [
    {
      code: 'token_accepted',
      severity: 'info',
      subject: caller.issuer,
      message: `Step 7: the token is good here. It is of ${describeParty(caller)}, and has the scopes ${caller.scopes.join(' ') || '(none)'}.`,
      fix: 'Nothing.',
    },
    ...checkTokenSize(token, caller.issuer),
    ...checkTokenLifetime(caller),
    ...describeBinding(binding, options.resource),
    ...(await examineLookedUp(caller, rehearsal)),
    ...checkScopesOf(caller, tools, rehearsal),
    ...(await walkDownstreams(caller, rehearsal, calls)),
  ];
}

function describeParty({ clientId = '(unnamed)', appOnly, actor }: Caller): string {
  const acting = actor ? `, for which ${actor.clientId ?? actor.subject ?? 'somebody'} acts` : '';
  return `${appOnly ? `the client ${clientId}, without a user` : `a user of the client ${clientId}`}${acting}`;
}

function explainRejection(thrown: unknown, token: string, { issuers, options }: Rehearsal): readonly Finding[] {
  const finding = { code: 'token_refused', severity: 'error', subject: options.resource } as const;
  if (!(thrown instanceof InvalidTokenError || thrown instanceof ProofError))
    return [
      {
        ...finding,
        message: `Step 7: the token cannot be verified: ${describeError(thrown)}.`,
        fix: 'Check that this machine reaches the issuer, its keys, and the endpoint in `introspection`. See the other findings.',
      },
    ];
  const { message, refusal } = thrown;
  const signed = readToken(token, issuers);
  const issuer = (signed?.issuer ?? issuers.findIntrospecting(token))?.identifier;
  const screen = issuer !== undefined && /\baud\b/.test(refusal.detail) ? ` ${nameScreen(issuer, 'audience')}` : '';
  const age = /\bits exp\b/.test(refusal.detail) ? describeAge(signed?.claims.iat) : '';
  return [
    { ...finding, message: `Step 7: ${message}: ${refusal.detail}.${age}`, fix: `${refusal.fix}${screen}` },
    ...(issuer === undefined ? [] : checkOldToken(issuer, signed?.claims.iat)),
  ];
}

/** Nobody but the operator knows whether an expired token is a new one. */
function describeAge(iat: unknown): string {
  if (typeof iat !== 'number') return '';
  const seconds = Math.round(Date.now() / 1000 - iat);
  return ` Its iat is ${tellTime(iat)}, ${seconds} seconds ago: if it was issued just now, the clock of this machine is ahead by that.`;
}

/** The doctor holds no key of a client. */
function describeBinding(binding: Binding, resource: string): readonly Finding[] {
  const bound = [...(binding.jkt ? ['a key (DPoP)'] : []), ...(binding['x5t#S256'] ? ['a certificate (mTLS)'] : [])];
  if (bound.length === 0) return [];
  return [
    {
      code: 'proof_not_tried',
      severity: 'info',
      subject: resource,
      message: `Step 7: the token is bound to ${bound.join(' and ')} of its client. The doctor does not have that, so it cannot try the proof of a request. All else about the token was checked.`,
      fix: 'Nothing here. If requests of the client are refused, look for `token_rejected` in the audit: it says what is wrong with the proof.',
    },
  ];
}

/** An issuer that `issuerResolver` has looked up was not examined with the others. */
async function examineLookedUp(caller: Caller, { issuers, options }: Rehearsal): Promise<readonly Finding[]> {
  const issuer = issuers.findIssuer(caller.claims);
  if (!issuer || issuers.all.includes(issuer)) return [];
  return await examineIssuer(issuer, options, []);
}

function checkScopesOf(
  { scopes, issuer }: Caller,
  tools: readonly ExaminedTool[],
  { hierarchy }: Rehearsal,
): readonly Finding[] {
  const closed = tools.filter(
    ({ anonymous = false, rule, scopes: named }) =>
      !anonymous && !judgeScopes(rule ?? named, scopes, hierarchy).sufficient,
  );
  if (closed.length === 0)
    return tools.length === 0
      ? []
      : [
          {
            code: 'token_has_scopes',
            severity: 'info',
            subject: issuer,
            message: `Step 8: the token has the scopes of all tools that are known here (${tools.length}).`,
            fix: 'Nothing.',
          },
        ];
  const held = hierarchy.expand(scopes);
  const missing = [...new Set(closed.flatMap((tool) => tool.scopes))].filter((scope) => !held.has(scope));
  return [
    {
      code: 'token_lacks_scopes',
      severity: 'warning',
      subject: closed.map(({ name }) => name).join(', '),
      message: `Step 8: the token has no ${missing.join(', ')}, so the client is asked to step up for these tools.`,
      fix: `Nothing, if the client steps up. Otherwise name the scopes in \`scopes.initial\`, and let the client of the user ask for them. ${nameScreen(issuer, 'userScope')}`,
    },
  ];
}
