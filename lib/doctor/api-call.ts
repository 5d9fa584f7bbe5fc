import { Ending } from '../time/ending.js';
import { describeError } from '../errors/reason.js';
import { DownstreamError, TemporaryFailureError } from '../errors/downstream-error.js';
import { tellValue } from '../errors/refusal.js';
import type { DownstreamAccess } from '../on-behalf-of/downstream/downstream-access.js';
import { discard, readHeader, type DownstreamAnswer } from '../on-behalf-of/downstream/downstream-answer.js';
import { getToolCall, runToolCall } from '../on-behalf-of/downstream/tool-call.js';
import type { ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import type { Caller } from '../resource-server/access/caller.js';
import type { Finding } from './finding.js';
import { nameScreen } from './provider-screens.js';
import type { Rehearsal } from './rehearsal.js';

/** Methods that change nothing (RFC 9110 section 9.2.1). The doctor sends no others. */
export const SAFE_METHODS = ['GET', 'HEAD'] as const;

/** What an API is called for. */
export interface AskedCall {
  readonly downstream: string;
  readonly method: (typeof SAFE_METHODS)[number];
  /** Below the `baseUrl` of the downstream. */
  readonly path: string;
}

/** As whom the API is called. */
export interface CallingParty {
  readonly caller: Caller;
  readonly access: DownstreamAccess;
  readonly target: ResolvedDownstream;
}

/** Step 10: calls the API as a tool would, with the token that it would send. What the answer contains is not told. */
export async function callApi(
  { downstream, method, path }: AskedCall,
  { caller, access, target }: CallingParty,
  { sender }: Pick<Rehearsal, 'sender'>,
): Promise<Finding> {
  const asked = `Step 10: ${method} ${target.baseUrl.href}${path.replace(/^\//, '')} was sent`;
  try {
    const call = { caller, tool: 'doctor', downstreams: [downstream], access, ending: new Ending() };
    const answer = await runToolCall(call, () => sender.send(getToolCall(), downstream, path, { method }));
    discard(answer);
    answer.release();
    return explainAnswer(answer, `${asked}. What came back: ${describeAnswer(answer)}.`, caller, target);
  } catch (error) {
    return {
      code: 'api_unreachable',
      severity: 'error',
      subject: target.option,
      message: `${asked}. What came back: ${describeError(error)}.`,
      fix: adviseOnFailure(error, target),
    };
  }
}

function describeAnswer(answer: DownstreamAnswer): string {
  const challenge = readHeader(answer, 'www-authenticate');
  const type = readHeader(answer, 'content-type');
  return [
    `status ${answer.status}`,
    ...(answer.redirected ? [`after a redirect to ${answer.url.origin}${answer.url.pathname}`] : []),
    ...(type === null ? [] : [`Content-Type ${tellValue(type)}`]),
    ...(challenge === null ? [] : [`WWW-Authenticate ${tellValue(challenge)}`]),
  ].join(', ');
}

function explainAnswer(
  answer: DownstreamAnswer,
  message: string,
  { issuer }: Caller,
  target: ResolvedDownstream,
): Finding {
  const { status, challenges } = answer;
  const { name, option, scopes } = target;
  const finding = { subject: option, message } as const;
  const error = challenges.find(({ parameters }) => parameters.error !== undefined)?.parameters.error;
  if (status === 401)
    return {
      ...finding,
      code: 'api_refuses_token',
      severity: 'error',
      fix:
        challenges.length === 0
          ? `Check that ${name} takes bearer tokens there, and that no gateway before it removes the header Authorization.`
          : `Compare what ${name} expects with the claims of step 9: its trusted issuer with iss, its audience with aud, and its clock with exp. ${nameScreen(issuer, 'target', target.dialect.name)}`,
    };
  if (status === 403)
    return {
      ...finding,
      code: 'api_refuses_token',
      severity: 'warning',
      fix:
        error === 'insufficient_scope'
          ? `Name the scope that it wants in \`${option}.scopes\` (now: ${scopes.join(' ') || 'none'}), and in \`scopeMap\` if clients can step up to it. ${nameScreen(issuer, 'scope', target.dialect.name)}`
          : `Nothing, if this user must not do that. Otherwise give the user the role, or the token the scope, that ${name} wants.`,
    };
  if (status === 429 || status >= 500)
    return {
      ...finding,
      code: 'api_unreachable',
      severity: 'error',
      fix: `Look into the log of ${name}, and of the gateway before it. The token says nothing about that.`,
    };
  const isPage = /^text\/html\b/i.test(readHeader(answer, 'content-type') ?? '');
  if (status >= 400 || isPage)
    return {
      ...finding,
      code: 'api_says_little',
      severity: 'info',
      fix: isPage
        ? `A page came, and it may be one for signing in: then ${name} takes no bearer tokens there. Compare \`${option}.baseUrl\` with the address of the API, or name a path of it: \`--call ${name}:/status\`.`
        : `Name a path that exists, such as \`--call ${name}:/status\`. This answer does not say whether the token was looked at.`,
    };
  return {
    ...finding,
    code: 'api_accepts',
    severity: 'info',
    fix: 'Nothing, if that path needs a token.',
  };
}

function adviseOnFailure(error: unknown, { name, option, baseUrl }: ResolvedDownstream): string {
  if (error instanceof TemporaryFailureError)
    return `Check that this machine reaches ${baseUrl.origin}, and \`${option}.http\`.`;
  if (error instanceof DownstreamError && error.code === 'downstream_redirect')
    return `A redirect to another place is not followed. If it leads to a page for signing in, ${name} takes no bearer tokens there. Otherwise set \`${option}.baseUrl\` to the address that it leads to.`;
  return `Give a path below \`${option}.baseUrl\`, and compare that with the address of ${name}.`;
}
