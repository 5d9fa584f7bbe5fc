import type { ClientAuth } from 'openid-client';
import { z } from 'zod';
import { McpAuthConfigurationError } from './configuration-error.js';
import { ResolvedOptions, type McpAuthModuleOptions } from './mcp-auth-options.js';
import {
  problemOfInitialScope,
  problemOfResource,
  problemOfScope,
  problemOfUri,
  problemOfUrl,
} from './option-rules.js';

const text = z.string().min(1, 'is empty. Give it a value');

const following = (problemOf: (value: string) => string | undefined) =>
  text.superRefine((value, context) => {
    const message = value === '' ? undefined : problemOf(value);
    if (message) context.addIssue({ code: 'custom', message });
  });

const schema = z
  .strictObject({
    server: z.strictObject({
      name: text,
      version: text,
      title: text.optional(),
      instructions: text.optional(),
    }),
    resource: following(problemOfResource),
    issuers: z.array(z.strictObject({ issuer: following(problemOfUrl) })).optional(),
    client: z
      .strictObject({
        id: text,
        issuer: text.optional(),
        authentication: z.custom<ClientAuth>(
          (value) => typeof value === 'function',
          'is not a client authentication. Use clientSecretBasic(secret), clientSecretPost(secret) or a ClientAuth of openid-client',
        ),
      })
      .optional(),
    downstreams: z
      .record(
        text,
        z
          .strictObject({
            baseUrl: following(problemOfUrl),
            audience: text.optional(),
            resource: following(problemOfUri).optional(),
            scopes: z.array(following(problemOfScope)).optional(),
          })
          .refine(({ audience, resource }) => audience !== undefined || resource !== undefined, {
            message:
              'names no target. Set `audience` or `resource` to what the authorization server calls this API, so that the exchanged token is good for it alone',
          }),
      )
      .optional(),
    initialScopes: z.array(following(problemOfInitialScope)).optional(),
    list: z.enum(['all', 'permitted']).optional(),
    anonymous: z.boolean().optional(),
  })
  .superRefine((options, context) => {
    const fault = (option: string, message: string) => {
      context.addIssue({ code: 'custom', path: option.split('.'), message });
    };
    const issuers = (options.issuers ?? []).map(({ issuer }) => issuer);
    const hasDownstreams = Object.keys(options.downstreams ?? {}).length > 0;
    if (options.anonymous) {
      if (issuers.length > 0) {
        fault('anonymous', 'is set beside `issuers`, whose tokens nobody would then need. Remove one of the two');
      }
      if (hasDownstreams) {
        fault(
          'downstreams',
          'cannot be called for anonymous callers: there is no token to exchange. Remove `anonymous`',
        );
      }
    } else if (issuers.length === 0) {
      fault(
        'issuers',
        'is empty, so no token could ever be accepted. Add the authorization server: `[{ issuer: "https://…" }]`. To serve everyone without a token, set `anonymous: true`',
      );
    }
    if (new Set(issuers).size < issuers.length) fault('issuers', 'names an issuer twice. Remove one');
    const registeredAt = options.client?.issuer;
    if (registeredAt !== undefined && !issuers.includes(registeredAt)) {
      fault('client.issuer', 'is not among `issuers`. Write it as it stands there');
    }
    if (options.client && registeredAt === undefined && issuers.length > 1) {
      fault(
        'client.issuer',
        'is missing, but there are several `issuers`. Say which of them knows the client; its credentials go to that one alone',
      );
    }
    if (hasDownstreams && !options.client) {
      fault('client', 'is missing, but the downstreams need it to exchange tokens. Add `{ id, authentication }`');
    }
  });

/**
 * Validates what the user wrote and fills in the defaults.
 *
 * @throws {@link McpAuthConfigurationError} naming every option at fault
 */
export function resolveOptions(options: McpAuthModuleOptions): ResolvedOptions {
  const result = schema.safeParse(options, { reportInput: true });
  if (!result.success) throw new McpAuthConfigurationError(result.error.issues.flatMap(problemsOf));
  return new ResolvedOptions(options);
}

function problemsOf(issue: z.core.$ZodIssue): string[] {
  const at = (key?: PropertyKey) => `\`${optionName(key === undefined ? issue.path : [...issue.path, key])}\``;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `${at(key)} is not an option. Check its spelling, or remove it.`);
    case 'invalid_type':
      return [
        issue.input === undefined
          ? `${at()} is missing. It has to be a value of type ${issue.expected}.`
          : `${at()} is of the wrong type. It has to be a value of type ${issue.expected}.`,
      ];
    case 'invalid_value':
      return [
        `${at()} has to be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}. Change or remove it.`,
      ];
    default:
      return [`${at()} ${issue.message}.`];
  }
}

function optionName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'options';
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index ? '.' : ''}${String(key)}`))
    .join('');
}
