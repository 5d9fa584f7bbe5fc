import type { Type } from '@nestjs/common';
import { z } from 'zod';
import type { Policy } from './resource-server/access/policy.js';
import type { ScopeImplications } from './resource-server/access/scope-hierarchy.js';
import type { AuditSink } from './observability/audit-sink.js';
import { downstreamSchema } from './on-behalf-of/options/downstream-options.js';
import { endpointSchema } from './entry/endpoint/endpoint-options.js';
import { clientAuthentication, issuerSchema } from './resource-server/issuers/issuer-schema.js';
import { subjectClaimSchema } from './on-behalf-of/options/linked-account-options.js';
import { oneOrMany } from './options/one-or-many.js';
import { problemOfResourceScope, problemOfResource, problemOfScope } from './options/option-rules.js';
import { backChannelLogoutSchema } from './entry/logout/logout-options.js';
import { dpopSchema, mutualTlsSchema } from './resource-server/authentication/proof-options.js';
import { following, text } from './options/text-schema.js';
import type { MessageBus } from './replicas/message-bus.js';
import { requestStateSchema } from './mcp/invocation/request-state-options.js';
import { tokenCacheSchema } from './replicas/token-cache-options.js';

const milliseconds = z.int().positive('has to be a positive number of milliseconds');

const isClass = (value: unknown) => typeof value === 'function';

const scopeHierarchy = z.custom<ScopeImplications>(
  (value) =>
    typeof value === 'function' ||
    (typeof value === 'object' &&
      value !== null &&
      Object.entries(value).every(
        ([scope, implied]) =>
          problemOfScope(scope) === undefined &&
          Array.isArray(implied) &&
          implied.every((one) => typeof one === 'string' && problemOfScope(one) === undefined),
      )),
  'is neither a function nor a map from a scope to the scopes it implies. Write it as `{ "orders:write": ["orders:read"] }`',
);

const auditSink = z.custom<AuditSink | Type<AuditSink>>(
  (value) => isClass(value) || typeof (value as AuditSink | null)?.record === 'function',
  'is neither an object with a method `record` nor a class. Give one of the two',
);

const clientSchema = z.strictObject({ id: text, issuer: text.optional(), authentication: clientAuthentication });

/** The form of the options, each by itself. How they go together is up to `resolve-options`. */
export const optionsSchema = z.strictObject({
  server: z.strictObject({
    name: text,
    version: text,
    title: text.optional(),
    instructions: text.optional(),
    icons: z.array(z.looseObject({ src: text })).optional(),
    websiteUrl: text.optional(),
  }),
  resource: following(problemOfResource),
  issuers: z.array(issuerSchema).optional(),
  client: oneOrMany(clientSchema, 'is empty. Name a client, or remove it').optional(),
  downstreams: z.record(text, downstreamSchema).optional(),
  initialScopes: z.array(following(problemOfResourceScope)).optional(),
  list: z.enum(['all', 'permitted']).optional(),
  scopeHierarchy: scopeHierarchy.optional(),
  challenge: z.enum(['operation', 'union']).optional(),
  policies: z
    .array(z.custom<Type<Policy>>(isClass, 'is not a class. Give the class of the policy, not an object'))
    .optional(),
  appOnly: z.enum(['allow', 'deny']).optional(),
  dpop: dpopSchema.optional(),
  mutualTls: mutualTlsSchema.optional(),
  endpoint: endpointSchema.optional(),
  tokenCache: tokenCacheSchema.optional(),
  backChannelLogout: backChannelLogoutSchema.optional(),
  linking: z
    .strictObject({
      client: oneOrMany(clientSchema, 'is empty. Name a client, or remove it').optional(),
      subjectClaim: subjectClaimSchema.optional(),
    })
    .optional(),
  auditSink: auditSink.optional(),
  doctor: z.boolean().optional(),
  timeout: milliseconds.optional(),
  shutdownGrace: z.int().nonnegative('has to be a whole number of milliseconds, from 0 up').optional(),
  listTtl: z.int().nonnegative('has to be a whole number of milliseconds, from 0 up').optional(),
  pageSize: z.int().positive('has to be a positive number of entries').optional(),
  requestState: requestStateSchema.optional(),
  bus: z
    .custom<MessageBus>(
      (value) =>
        typeof (value as MessageBus | null)?.publish === 'function' &&
        typeof (value as MessageBus).subscribe === 'function',
      'has no methods `publish` and `subscribe`. Give `redisBus(client)`, or an object that implements MessageBus',
    )
    .optional(),
  anonymous: z.boolean().optional(),
});
