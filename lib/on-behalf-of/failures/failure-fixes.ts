import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import type { Failure, FailureCode } from './failure.js';

/** What would change a failure, for operators; `undefined` if nothing of theirs would. */
export function findFix(code: FailureCode, failure: Failure, target: ResolvedDownstream): string | undefined {
  const { option, linked } = target;
  const client = linked ? `\`${option}.linked.client\`` : '`client`';
  switch (code) {
    case 'client_rejected':
      return `Check ${client}: its id, its secret, key or certificate and when that ends, and that it may use this grant at the provider.`;
    case 'target_unknown':
      return `Compare \`audience\`, \`resource\` and \`scopes\` of \`${option}\` with what the provider calls the API, and let the client of this server have it there.`;
    case 'exchange_misconfigured':
      return findSetUpFix(failure, target);
    case 'exchange_answer_unusable':
      return `Look at what stands between this server and the token endpoint, such as the sign-in page of a proxy, and choose the \`dialect\` of the provider in \`${option}\`.`;
    case 'issuer_unavailable':
      return 'Check that this machine reaches the token endpoint, with `npx nestjs-mcp-auth doctor --probe`.';
    case 'issuer_rate_limited':
      return 'Have the provider allow more requests, or let replicas share their tokens by `replicas.store`.';
    case 'caller_token_rejected':
      return `Clients refresh their token, or users sign in again. If they come back and back, the provider may know itself by another address, or want the client of this server in \`aud\`.`;
    case 'caller_claims_required':
      return 'Clients of Entra ID sign users in with these claims. Others cannot: tell users which client to use.';
    case 'caller_authentication_insufficient':
      return 'Clients sign users in again.';
    case 'caller_scope_insufficient':
      return `Clients ask for the scopes that \`scopeMap\` of \`${option}\` names.`;
    case 'caller_consent_required':
      return `Users consent on the page in \`consentUrl\` of \`${option}\`.`;
    case 'caller_account_not_linked':
      return 'Users link their account on the page that they are given.';
    case 'caller_access_denied':
      return `Let the user have the access at the provider. If all users meet this, compare \`${option}\` with what is set there. If users can consent, set \`consentUrl\`; if clients can ask for more, \`scopeMap\`.`;
    case 'caller_without_user':
      return `If the server itself may call the API, set \`onAppOnly: 'clientCredentials'\` of \`${option}\`.`;
    default:
      return undefined;
  }
}

/** Errors that dialects have for what a provider says in another way. */
function findSetUpFix(failure: Failure, target: ResolvedDownstream): string {
  const { error, cause, scopes = [], unasked = [], isRenewed = false } = failure;
  const { option, name } = target;
  if (unasked.length > 0)
    return `Name ${unasked.join(' ')} in \`scopes\` of \`${option}\`, and have the provider give it to the client of this server.`;
  if (isRenewed)
    return `Compare that with what ${name} expects: its trusted issuer with iss, its audience with aud, its keys with those of that issuer, and its clock. What is asked for is set in \`audience\`, \`resource\` and \`scopes\` of \`${option}\`.`;
  if (error === 'client_misconfigured')
    return 'Have the provider write the client of this server into `aud` of the tokens that come in. In Keycloak that is an audience mapper in a client scope of the client that users have.';
  if (error === 'client_not_registered')
    return 'Name the registration of this server at the issuer of these callers in `client`, or reach the API by another `dialect`.';
  if (cause === 'policy')
    return 'Have a policy of the authorization server allow this grant and these scopes to the client of this server.';
  const wanted = scopes.length > 0 ? scopes : target.scopes;
  if (cause === 'scope' || error === 'invalid_scope' || error === 'insufficient_scope')
    return `Have the provider give the scopes ${wanted.join(' ')} to the client of this server, and name them in \`scopes\` of \`${option}\`.`;
  return `Compare \`${option}\` and \`client\` with what is set at the provider. \`npx nestjs-mcp-auth doctor --probe\` asks it.`;
}
