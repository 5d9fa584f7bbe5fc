import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { clientRegistrationSchema } from '../clients/client-registration.js';
import { SIGNING_ALGORITHMS, type ClaimSource, type IssuerOptions } from './issuer-options.js';
import { findBackendUrlProblem } from '../../options/option-rules.js';
import { CLAIMS_OF_USE } from '../access/claims.js';
import { listNames, listTokenIssuers, TENANT } from './resolved-issuer.js';
import { text } from '../../options/text-schema.js';
import { isJsonObject } from '../../json/json-object.js';

const milliseconds = (from: number, to: number) =>
  z.custom<number>(
    (value) => typeof value === 'number' && value >= from && value <= to,
    `is not between ${from} and ${to} milliseconds. Choose a value in between`,
  );

const claimSource = <Value>() =>
  z.custom<ClaimSource<Value>>(
    (value) => typeof value === 'function' || (typeof value === 'string' && value !== ''),
    'is neither the name of a claim nor a function. Write the claim, such as "scp" or "realm_access.roles"',
  );

const predicate = z.custom<(claims: Readonly<Record<string, unknown>>) => boolean>(
  (value) => typeof value === 'function',
  'is not a function. Give one that takes the claims and says true or false',
);

const nonEmpty = <Item extends z.ZodType>(item: Item, what: string) =>
  z.array(item).min(1, `is empty, so everything would be refused. Name ${what}, or remove it`);

const requiredValues = z
  .record(z.string(), z.union([text, nonEmpty(text, 'the accepted values')]))
  .refine((claims) => Object.keys(claims).length > 0, 'names no claim. Name one, or remove it');

/** Refuses secret keys, which belong only where tokens are signed, and empty key sets, which verify nothing. */
const jwks = z
  .custom<JSONWebKeySet>(
    (value) => Array.isArray((value as JSONWebKeySet | null)?.keys) && (value as JSONWebKeySet).keys.length > 0,
    'has no keys, so no token could be verified. Give a JWK set: `{ keys: [{ kty, … }] }`',
  )
  .refine(
    ({ keys }) => keys.every((key) => !isJsonObject(key) || (key.d === undefined && key.k === undefined)),
    'holds private or symmetric keys. Give the public keys only',
  );

const introspection = z.strictObject({
  endpoint: text.optional(),
  client: clientRegistrationSchema.optional(),
  tokens: z
    .custom<RegExp>(
      (value) => value instanceof RegExp && !value.global && !value.sticky,
      'is not a RegExp without the flags g and y',
    )
    .optional(),
  signedResponse: z.enum(SIGNING_ALGORITHMS).optional(),
  cacheMs: milliseconds(0, 300_000).optional(),
  acceptStaleAnswersMs: milliseconds(0, 600_000).optional(),
  maxConcurrent: z.int().positive('has to be a positive number of requests').optional(),
  maxQueued: z.int().min(0, 'has to be 0 or more').optional(),
  subjectClaim: z.enum(['sub', 'username']).optional(),
  jwt: z.enum(['always', 'never']).optional(),
  acceptMissingAudience: z.boolean().optional(),
});

const tenantId = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, 'is not a tenant id. Write the id of one tenant, not a domain, "common" or "organizations"')
  .refine(
    (value) => !['common', 'organizations', 'consumers'].includes(value),
    'stands for many tenants. Name each, or set `acceptAnyTenant`',
  );

export const issuerSchema = z
  .strictObject({
    issuer: text,
    tokenIssuer: text.optional(),
    metadataIssuer: z
      .string()
      .refine((value) => URL.canParse(value), 'is not a URL')
      .optional(),
    advertisedIssuer: text.optional(),
    tenants: nonEmpty(tenantId, 'the tenants').optional(),
    acceptAnyTenant: z.boolean().optional(),
    audiences: nonEmpty(text, 'the accepted values of `aud`').optional(),
    algorithms: nonEmpty(z.enum(SIGNING_ALGORITHMS), 'the algorithms').optional(),
    types: nonEmpty(text, 'the accepted values of `typ`').optional(),
    acceptMissingType: z.boolean().optional(),
    acceptNonce: z.boolean().optional(),
    requiredClaims: nonEmpty(text, 'the claims').optional(),
    requiredValues: requiredValues.optional(),
    acceptMissingAudience: z.boolean().optional(),
    acceptMissingSubject: z.boolean().optional(),
    staleKeysMs: milliseconds(0, 86_400_000).optional(),
    clockToleranceMs: milliseconds(0, 300_000).optional(),
    grantTypes: nonEmpty(text, 'the grants').optional(),
    claims: z
      .strictObject({
        scopes: z.array(claimSource<readonly string[]>()).optional(),
        subject: claimSource<string>().optional(),
        clientId: z.array(claimSource<string>()).optional(),
        appOnly: predicate.optional(),
      })
      .optional(),
    scopePrefix: z.string().optional(),
    clients: nonEmpty(text, 'the clients').optional(),
    maxActors: z
      .custom<number>(
        (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 20,
        'is not a whole number from 0 to 20. Choose one; 0 refuses tokens with `act`',
      )
      .optional(),
    acceptOwnTokens: z.boolean().optional(),
    acceptClearText: z.boolean().optional(),
    validate: z
      .custom<NonNullable<IssuerOptions['validate']>>(
        (value) => typeof value === 'function',
        'is not a function. Give one that takes the claims and returns `true` for a token that is accepted',
      )
      .optional(),
    metadataUrl: text.optional(),
    jwks: jwks.optional(),
    introspection: introspection.optional(),
  })
  .superRefine((issuer, context) => {
    const addFault = (option: string, message: string) => {
      context.addIssue({ code: 'custom', path: [option], message });
    };
    for (const option of ['issuer', 'metadataUrl', 'advertisedIssuer'] as const) {
      const value = issuer[option]?.replaceAll(TENANT, 'tenant');
      const problem = value ? findBackendUrlProblem(value, issuer.acceptClearText) : undefined;
      if (problem) addFault(option, problem);
    }
    const { endpoint } = issuer.introspection ?? {};
    const message = endpoint && findBackendUrlProblem(endpoint, issuer.acceptClearText);
    if (message) context.addIssue({ code: 'custom', path: ['introspection', 'endpoint'], message });
    const isForSomeone = Object.keys(issuer.requiredValues ?? {}).some((claim) => !CLAIMS_OF_USE.includes(claim));
    if (issuer.acceptMissingAudience && !issuer.clients && !isForSomeone)
      addFault(
        'acceptMissingAudience',
        'is set, so tokens that the issuer means for others would be accepted. Name the `clients` whose tokens are accepted, or in `requiredValues` a claim that says for whom a token is',
      );
    if (issuer.acceptNonce && issuer.acceptMissingType && !issuer.requiredClaims)
      addFault(
        'acceptNonce',
        'is set, and so is `acceptMissingType`, so an ID token for one of `audiences` would be accepted. Name in `requiredClaims` a claim that ID tokens of the issuer do not have, or remove one of the two',
      );
    if (issuer.jwks && issuer.staleKeysMs !== undefined)
      addFault('staleKeysMs', 'has no effect beside `jwks`, which are never fetched. Remove one of the two');
    const many = issuer.issuer.includes(TENANT);
    if (many && !issuer.tenants && !issuer.acceptAnyTenant) {
      addFault(
        'tenants',
        `is missing, but \`issuer\` has "${TENANT}" in it. Name the tenants whose tokens are accepted`,
      );
    }
    if (!many && (issuer.tenants ?? issuer.acceptAnyTenant)) {
      addFault(
        issuer.tenants ? 'tenants' : 'acceptAnyTenant',
        `is set, but \`issuer\` has no "${TENANT}" in it. Put it where the tenant id stands`,
      );
    }
    for (const option of ['tokenIssuer', 'metadataIssuer', 'advertisedIssuer'] as const) {
      const name = issuer[option];
      if (name !== undefined && name.includes(TENANT) !== many)
        addFault(
          option,
          `and \`issuer\` have to have "${TENANT}" in them, both or neither. Put the tenant where it stands`,
        );
    }
    if (issuer.advertisedIssuer !== undefined && issuer.acceptAnyTenant)
      addFault('advertisedIssuer', 'has no effect with `acceptAnyTenant`: clients are told `metadataUrl`. Remove it');
    if (many && issuer.introspection) {
      addFault(
        'introspection',
        'cannot be used with many tenants: an opaque token does not name its tenant. Remove it',
      );
    }
    if (issuer.tenants && issuer.acceptAnyTenant) {
      addFault('acceptAnyTenant', 'is set, but so is `tenants`, which would have no effect. Remove one of the two');
    }
    if (issuer.acceptAnyTenant && issuer.metadataUrl === undefined) {
      addFault(
        'metadataUrl',
        'is missing, but with `acceptAnyTenant` the keys have to come from one address. Give that of the metadata for all tenants',
      );
    }
  });

/** Schema of all issuers. */
export const issuersSchema = z.array(issuerSchema).refine((issuers) => {
  const lists = [issuers.flatMap(listNames).map(({ identifier }) => identifier), issuers.flatMap(listTokenIssuers)];
  return lists.every((names) => new Set(names).size === names.length);
}, 'names an issuer twice. Remove one');
