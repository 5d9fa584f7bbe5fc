import { resolveEndpoint, resolveMetadataUrl } from '../entry/endpoint/endpoint-options.js';
import { resolveLimits } from '../limits/limit-options.js';
import { resolveCalls } from '../mcp/invocation/call-options.js';
import { resolveObservability } from '../observability/observability-options.js';
import { resolveLinking } from '../on-behalf-of/options/linked-account-options.js';
import { resolveTokenCache } from '../on-behalf-of/token-cache/token-cache-options.js';
import { resolveReplicas } from '../replicas/replica-options.js';
import { resolveScopes } from '../resource-server/access/scope-options.js';
import { resolveServerAccess } from '../resource-server/access/server-access-options.js';
import { resolveProof } from '../resource-server/authentication/proof-options.js';
import { resolveLists } from '../resource-server/catalogue/list-options.js';
import { resolveRateLimits } from '../limits/rate-limit-options.js';
import { resolveMetadata } from '../resource-server/challenges/metadata-options.js';
import { McpAuthConfigurationError } from '../errors/configuration-error.js';
import { findLogoutPathProblem, resolveLogoutPath } from '../entry/logout/logout-options.js';
import type { McpAuthModuleOptions } from './mcp-auth-options.js';
import { describeIssue } from '../options/option-problems.js';
import { applyProfile, findProfileFaults } from './strict-profile.js';
import { optionsSchema } from './options-schema.js';
import type { IssuerClientRegistration } from '../resource-server/clients/client-registration.js';
import { resolveIssuerResolver } from '../resource-server/issuers/issuer-resolver-options.js';
import { completeIssuer } from './resolved-at-run-time.js';
import { listNames, resolveIssuers } from '../resource-server/issuers/resolved-issuer.js';
import type { DownstreamOptions, ExchangeOptions } from '../on-behalf-of/options/downstream-options.js';
import { checkDownstream, isIssuerNeeded } from '../on-behalf-of/options/downstream-problems.js';
import { listDownstreamClients, resolveDownstreams } from '../on-behalf-of/options/resolved-downstream.js';
import { ResolvedOptions } from '../options/resolved-options.js';

/** The part of a downstream that is checked against issuers and clients. */
type Downstream = ExchangeOptions & Pick<DownstreamOptions, 'byIssuer'>;

/** Options without effect if all callers are anonymous. */
const ABOUT_CALLERS = [
  ['lists', 'show'],
  ['scopes', 'hierarchy'],
  ['scopes', 'challenge'],
  ['scopes', 'initial'],
  ['access', 'appOnly'],
  ['proof', 'required'],
  ['proof', 'dpop'],
  ['proof', 'mutualTls'],
  ['logout', 'backChannel'],
] as const;

const schema = optionsSchema.superRefine((options, context) => {
  for (const [path, message] of findProfileFaults(options))
    context.addIssue({ code: 'custom', path: [...path], message });
  const addFault = (option: string, message: string) => {
    context.addIssue({ code: 'custom', path: option.split('.'), message });
  };
  const issuers = (options.issuers ?? []).flatMap(listNames).map(({ identifier }) => identifier);
  const introspecting = (options.issuers ?? []).filter(({ introspection }) => introspection);
  const isAnonymous = options.access?.anonymous === true;
  if (isAnonymous) {
    if (issuers.length > 0 || options.issuerResolver) {
      addFault(
        'access.anonymous',
        'is set, but so is `issuers`. With anonymous access nobody needs their tokens. Remove one of the two',
      );
    }
    const { downstreams = {} } = options;
    if (Object.values(downstreams).some(({ dialect }) => dialect?.subject !== 'none')) {
      addFault(
        'downstreams',
        'cannot be called for anonymous callers: there is no token to exchange. Remove `access.anonymous`',
      );
    }
    if (options.metadata) {
      addFault('metadata', 'has no effect with `access.anonymous`: there is no such document. Remove one of the two');
    }
    for (const [group, option] of ABOUT_CALLERS) {
      if ((options[group] as Record<string, unknown> | undefined)?.[option] !== undefined) {
        addFault(
          `${group}.${option}`,
          'has no effect with `access.anonymous`: nobody says who they are. Remove one of the two',
        );
      }
    }
  } else if (issuers.length === 0 && !options.issuerResolver?.advertised) {
    addFault(
      'issuers',
      'is empty, so no token could ever be accepted. Add the authorization server: `[{ issuer: "https://…" }]`. To serve everyone without a token, set `access: { anonymous: true }`; where issuers are found at run time, name one in `issuerResolver.advertised`',
    );
  }
  const clients = [options.client ?? []].flat() as readonly IssuerClientRegistration[];
  const pattern = options.issuerResolver && { issuer: options.issuerResolver.pattern };
  const named = [...(options.issuers ?? []), ...(pattern ? [pattern] : [])];
  const templates = named.map(({ issuer }) => issuer);
  for (const [name, registered] of [
    ['client', options.client],
    ['linking.client', options.linking?.client],
  ] as const) {
    const list = [registered ?? []].flat();
    for (const [index, { issuer }] of list.entries()) {
      const option = Array.isArray(registered) ? `${name}.${index}.issuer` : `${name}.issuer`;
      if (issuer === undefined && (issuers.length > 1 || pattern) && !(templates.length === 1 && list.length === 1)) {
        addFault(
          option,
          'is missing, but there are several `issuers`. Say which of them knows the client; its credentials go to that one alone',
        );
      } else if (issuer !== undefined && ![...issuers, ...templates].includes(issuer)) {
        addFault(option, 'is not among `issuers`. Write it as it stands there');
      }
    }
    if (new Set(list.map(({ issuer }) => issuer)).size < list.length) {
      addFault(name, 'has two for one issuer. Keep one, and give each its `issuer`');
    }
  }
  const isLinking = Object.values(options.downstreams ?? {}).some(({ linked }) => linked);
  if (options.linking && !isLinking) {
    addFault('linking', 'has no effect without a downstream that has `linked`. Add one, or remove it');
  }
  const nameless = introspecting.find(({ introspection }) => introspection?.subjectClaim === 'username');
  if (isLinking && nameless && options.linking?.subjectClaim === undefined) {
    addFault(
      'linking.subjectClaim',
      `is missing, but \`introspection\` of ${nameless.issuer} names users by \`username\`, which ID tokens do not have. Name the claims that are the same for a user in both: \`{ accessToken: "username", idToken: "preferred_username" }\``,
    );
  }
  const { path: logoutPath } = options.logout?.backChannel ?? {};
  const logoutProblem =
    logoutPath && findLogoutPathProblem(logoutPath, options.endpoint?.path ?? new URL(options.resource).pathname);
  if (logoutProblem) addFault('logout.backChannel.path', logoutProblem);
  if (options.logout?.backChannel && clients.length === 0 && !isAnonymous) {
    addFault(
      'client',
      'is missing, but logout tokens name it as their audience (`aud`). Add `{ id, authentication }`, or remove `logout.backChannel`',
    );
  }
  const { metadataUrl } = options.endpoint ?? {};
  if (metadataUrl !== undefined && !hasSameOrigin(metadataUrl, options.resource)) {
    addFault(
      'endpoint.metadataUrl',
      'has another origin than `resource`, so clients would not trust what it says. Serve it at the origin of `resource`',
    );
  }
  for (const [index, { issuer, introspection }] of (options.issuers ?? []).entries()) {
    const isRegistered = clients.some((client) => (client.issuer ?? issuer) === issuer);
    if (introspection && !introspection.client && !isRegistered) {
      context.addIssue({
        code: 'custom',
        path: ['issuers', index, 'introspection', 'client'],
        message: 'is missing, and there is no `client` registered at this issuer. Add `{ id, authentication }`',
      });
    }
    if (introspection && !introspection.tokens && introspecting.length > 1) {
      context.addIssue({
        code: 'custom',
        path: ['issuers', index, 'introspection', 'tokens'],
        message:
          'is missing, but several issuers have `introspection`. Give a RegExp for the tokens of each, so that no issuer is shown those of another',
      });
    }
  }
  for (const [name, downstream] of Object.entries(options.downstreams ?? {})) {
    if (downstream.linked) {
      if (clients.length > 0 || options.linking?.client) continue;
      addFault(
        'client',
        'is missing, but users sign in with it before they link an account. Add `{ id, authentication }`, here or in `linking`',
      );
      break;
    }
    const all = [downstream, ...Object.values(downstream.byIssuer ?? {})] as Downstream[];
    if (clients.length === 0 && all.some((one) => isIssuerNeeded(name, one))) {
      addFault('client', 'is missing, but the downstreams need it to exchange tokens. Add `{ id, authentication }`');
      break;
    }
    checkDownstream(name, downstream as Downstream, named, clients, (path, message) => {
      context.addIssue({ code: 'custom', path: ['downstreams', name, ...path], message });
    });
  }
});

function hasSameOrigin(...urls: readonly string[]): boolean {
  const origins = urls.map((url) => (URL.canParse(url) ? new URL(url).origin : ''));
  return new Set(origins).size === 1;
}

/**
 * Validates the options and fills in the defaults.
 *
 * @throws {@link McpAuthConfigurationError} naming every option at fault
 */
export function resolveOptions(options: McpAuthModuleOptions): ResolvedOptions {
  // They are read once, so that it would not pay to compile the schema.
  const result = schema.safeParse(options, { reportInput: true, jitless: true });
  if (!result.success)
    throw new McpAuthConfigurationError(result.error.issues.flatMap((issue) => describeIssue(issue)));
  return new ResolvedOptions(fillIn(applyProfile(options)));
}

/** Lets each folder resolve its own options. */
function fillIn(options: McpAuthModuleOptions): ResolvedOptions {
  const { server, resource } = options;
  const { origin, pathname } = new URL(resource);
  const path = pathname === '/' ? '' : pathname;
  // RFC 3986 section 6.2.3: an empty path and "/" are the same, and clients send either as `resource`.
  const audiences = path === '' ? [origin, `${origin}/`] : [resource];
  const clients = [options.client ?? []].flat();
  const downstreams = resolveDownstreams(options.downstreams);
  const linking = resolveLinking(options.linking, clients);
  const endpoint = resolveEndpoint(options.endpoint, resource);
  return {
    server,
    profile: options.profile,
    resource,
    path,
    resourceMetadataUrl: resolveMetadataUrl(options.endpoint, resource),
    membersForPeople: resolveMetadata(options.metadata, server),
    issuers: resolveIssuers(options.issuers ?? [], audiences, clients),
    issuerResolver: resolveIssuerResolver(options.issuerResolver, (issuer, iss) =>
      completeIssuer(issuer, iss, options, audiences),
    ),
    clients,
    ownClients: [...clients, ...linking.clients, ...listDownstreamClients(downstreams)].map(({ issuer, id }) => ({
      issuer,
      id,
    })),
    downstreams,
    endpoint,
    ...resolveScopes(options.scopes),
    ...resolveServerAccess(options.access),
    ...resolveProof(options.proof),
    ...resolveLists(options.lists),
    ...resolveCalls(options.calls, options.replicas?.store !== undefined),
    limits: resolveLimits(options.limits, options.access?.anonymous),
    rateLimits: resolveRateLimits(options.limits?.rate),
    replicas: resolveReplicas(options.replicas),
    tokenCache: resolveTokenCache(options.tokenCache),
    linking,
    backChannelLogoutPath: resolveLogoutPath(options.logout, endpoint.path),
    ...resolveObservability(options.observability),
    doctor: options.doctor ?? true,
  };
}
