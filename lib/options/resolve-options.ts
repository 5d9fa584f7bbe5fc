import { McpAuthConfigurationError } from './configuration-error.js';
import type { McpAuthModuleOptions } from './mcp-auth-options.js';
import { problemsOf } from './option-problems.js';
import { optionsSchema } from './options-schema.js';
import { TENANT } from './resolved-issuer.js';
import type { DownstreamOptions } from './downstream-options.js';
import { exchangeTarget } from './resolved-downstream.js';
import { ResolvedOptions } from './resolved-options.js';

/** Options that mean nothing where nobody says who they are. */
const ABOUT_CALLERS = ['list', 'scopeHierarchy', 'challenge', 'appOnly', 'dpop', 'mutualTls', 'initialScopes'] as const;

const schema = optionsSchema.superRefine((options, context) => {
  const fault = (option: string, message: string) => {
    context.addIssue({ code: 'custom', path: option.split('.'), message });
  };
  const issuers = (options.issuers ?? []).flatMap(({ issuer, tenants }) =>
    tenants ? tenants.map((tenant) => issuer.replaceAll(TENANT, tenant)) : [issuer],
  );
  const introspecting = (options.issuers ?? []).filter(({ introspection }) => introspection);
  if (options.anonymous) {
    if (issuers.length > 0) {
      fault('anonymous', 'is set beside `issuers`, whose tokens nobody would then need. Remove one of the two');
    }
    const { downstreams = {} } = options;
    if (Object.values(downstreams).some(({ dialect }) => dialect?.subject !== 'none')) {
      fault('downstreams', 'cannot be called for anonymous callers: there is no token to exchange. Remove `anonymous`');
    }
    for (const option of ABOUT_CALLERS) {
      if (options[option] !== undefined) {
        fault(option, 'has no effect beside `anonymous`, where nobody says who they are. Remove one of the two');
      }
    }
  } else if (issuers.length === 0) {
    fault(
      'issuers',
      'is empty, so no token could ever be accepted. Add the authorization server: `[{ issuer: "https://…" }]`. To serve everyone without a token, set `anonymous: true`',
    );
  }
  if (new Set(issuers).size < issuers.length) fault('issuers', 'names an issuer twice. Remove one');
  const clients = [options.client ?? []].flat();
  const templates = (options.issuers ?? []).map(({ issuer }) => issuer);
  for (const [index, { issuer }] of clients.entries()) {
    const option = Array.isArray(options.client) ? `client.${index}.issuer` : 'client.issuer';
    if (issuer === undefined && issuers.length > 1 && !(templates.length === 1 && clients.length === 1)) {
      fault(
        option,
        'is missing, but there are several `issuers`. Say which of them knows the client; its credentials go to that one alone',
      );
    } else if (issuer !== undefined && ![...issuers, ...templates].includes(issuer)) {
      fault(option, 'is not among `issuers`. Write it as it stands there');
    }
  }
  if (new Set(clients.map(({ issuer }) => issuer)).size < clients.length) {
    fault('client', 'has two for one issuer. Keep one, and give each its `issuer`');
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
    const { dialect, ...target } = exchangeTarget(name, downstream as DownstreamOptions);
    if (clients.length === 0 && dialect.subject !== 'none') {
      fault('client', 'is missing, but the downstreams need it to exchange tokens. Add `{ id, authentication }`');
      break;
    }
    for (const problem of dialect.problemsOf?.(target) ?? []) {
      context.addIssue({ code: 'custom', path: ['downstreams', name], message: problem });
    }
  }
});

/**
 * Validates what the user wrote and fills in the defaults.
 *
 * @throws {@link McpAuthConfigurationError} naming every option at fault
 */
export function resolveOptions(options: McpAuthModuleOptions): ResolvedOptions {
  const result = schema.safeParse(options, { reportInput: true });
  if (!result.success) throw new McpAuthConfigurationError(result.error.issues.flatMap((issue) => problemsOf(issue)));
  return new ResolvedOptions(options);
}
