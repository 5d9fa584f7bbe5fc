import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UnsecuredJWT } from 'jose';
import { computeActorFingerprint } from '../../lib/on-behalf-of/dialects/actor-token.js';
import { computeForeignFingerprint } from '../../lib/on-behalf-of/dialects/foreign-authorization-server.js';
import { deriveTokenKey, identifyOwner, type TokenShape } from '../../lib/on-behalf-of/exchange/token-key.js';
import { AccessToken } from '../../lib/resource-server/access/caller.js';
import { cacheWith, Exchanges, inAnHour } from '../token-cache/cached-exchange.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { newKey } from '../token-cache/cached-exchange.js';
import { optionalText, testMembers, text, texts } from './members.js';

type Values = Readonly<Record<string, unknown>>;

const filled = text.filter((one) => one !== '');
const parameters = fc.dictionary(text, fc.oneof(text, fc.array(text, { maxLength: 2 })), { maxKeys: 3 });
const confirmation = fc.option(fc.record({ jkt: text }), { nil: undefined });
const actor = fc.option(fc.record({ sub: text }), { nil: undefined });

/** Other claims by which an exchange may give something else: of providers, of RFC 9396, and those that nobody knows. */
const OTHER_CLAIMS = [
  'authorization_details',
  'roles',
  'groups',
  'entitlements',
  'tid',
  'amr',
  'org_id',
  'org',
  'aud',
  'scope',
  'permissions',
  'realm_access',
  'resource_access',
  'purpose',
  'https://acme.example/department',
  '__proto__',
];

/** What the request for a token is shaped by, whoever it is for. */
const ofRequest = {
  issuer: text,
  clientId: text,
  credentials: optionalText,
  downstream: text,
  dialect: text,
  fingerprint: fc.array(text, { maxLength: 3 }),
  audience: fc.array(text, { maxLength: 2 }),
  resource: fc.array(text, { maxLength: 2 }),
  scopes: texts,
  parameters,
  claims: optionalText,
  thumbprint: optionalText,
};

function toShape(values: Values, subject: 'caller' | 'client', cacheBy: 'token' | 'session'): TokenShape {
  const { issuer, user, client, sid, acr, auth_time, act, may_act, cnf, others, token, callerScopes } = values;
  const { clientId, credentials, downstream, dialect, fingerprint, audience, resource, scopes, claims, thumbprint } =
    values;
  return {
    caller: {
      issuer,
      subject: user ?? 'alice',
      clientId: client,
      appOnly: false,
      scopes: callerScopes ?? [],
      claims: { sid, acr, auth_time, act, may_act, cnf, ...(others as object) },
      expiresAtMs: inAnHour(),
      acceptedUntilMs: inAnHour(),
      token: new AccessToken(String(token)),
    },
    client: { id: clientId, authentication: { version: () => credentials } },
    dialect: { name: dialect, subject, grantTypes: [], fingerprint },
    target: {
      name: downstream,
      audience,
      resource,
      scopes,
      parameters: values.parameters,
      cacheBy,
      dpop: thumbprint === undefined ? undefined : { computeThumbprint: () => Promise.resolve(thumbprint) },
    },
    claims,
  } as unknown as TokenShape;
}

/** Whether the second gets the token that was exchanged for the first. */
async function share(one: TokenShape, other: TokenShape): Promise<boolean> {
  const cache = cacheWith();
  const exchanges = new Exchanges();
  const tokens: string[] = [];
  for (const shape of [one, other])
    tokens.push(await exchanges.from(cache, { key: await deriveTokenKey(shape), owner: identifyOwner(shape) }));
  return tokens[0] === tokens[1];
}

describe('an exchanged token, by the token that came in', () => {
  testMembers({ ...ofRequest, user: text, token: filled }, (values) => toShape(values, 'caller', 'token'), share);
});

describe('an exchanged token, by the session', () => {
  const ofSession = {
    user: text,
    sid: filled,
    client: optionalText,
    callerScopes: texts,
    acr: optionalText,
    auth_time: fc.option(fc.nat(), { nil: undefined }),
    act: actor,
    may_act: actor,
    cnf: confirmation,
    others: fc.dictionary(fc.constantFrom(...OTHER_CLAIMS), fc.oneof(text, texts, fc.record({ id: text }), fc.nat())),
  };
  testMembers({ ...ofRequest, ...ofSession }, (values) => toShape(values, 'caller', 'session'), share);

  const ofClaims = (others: object) =>
    toShape({ issuer: 'i', sid: 's', token: 't', parameters: {}, scopes: [], others }, 'caller', 'session');

  test.each(OTHER_CLAIMS)('%s that one token has and the other has not', async (claim) => {
    expect(await share(ofClaims({}), ofClaims({ [claim]: ['x'] }))).toBe(false);
  });

  test('what only one token has is shared all the same, whatever the order of its claims', async () => {
    const [one, other] = [
      { iat: 1, exp: 2, nbf: 1, jti: 'a', uti: 'a', aio: 'a', rh: 'a', roles: ['x'], tid: 't' },
      { tid: 't', roles: ['x'], iat: 2, exp: 3, nbf: 2, jti: 'b', uti: 'b', aio: 'b', rh: 'b' },
    ];
    expect(await share(ofClaims(one), ofClaims(other))).toBe(true);
  });

  test('without a session it is never shared with another token', async () => {
    const make = (token: string) =>
      toShape({ issuer: 'i', sid: '', token, parameters: {}, scopes: [] }, 'caller', 'session');
    expect(await share(make('one'), make('two'))).toBe(false);
  });
});

describe('a token of the server itself', () => {
  testMembers(ofRequest, (values) => toShape(values, 'client', 'token'), share);
});

test('a token of the server itself is not one of a caller', async () => {
  const values = { issuer: 'i', clientId: 'alice', user: 'alice', token: 't', parameters: {}, scopes: [] };
  expect(await share(toShape(values, 'client', 'token'), toShape(values, 'caller', 'token'))).toBe(false);
});

describe('a revocation in a store', () => {
  /** Whether a revocation at one replica makes another one exchange anew. */
  const isReached = async (
    owner: { issuer: string; subject: string; sessionId?: string },
    revocation: { issuer: string; subject?: string; sessionId?: string },
  ): Promise<boolean> => {
    const options = { store: new MemoryAdapter(), keys: [newKey()], localMaxAgeMs: 0 };
    const [here, there] = [cacheWith(options), cacheWith(options)];
    const exchanges = new Exchanges();
    const before = await exchanges.from(here, { owner });
    await there.revoke(revocation);
    return (await exchanges.from(here, { owner })) !== before;
  };

  describe('of a user', () => {
    testMembers({ issuer: text, subject: text }, (values) => values as { issuer: string; subject: string }, isReached);
  });
  describe('of a session', () => {
    testMembers(
      { issuer: text, sessionId: filled },
      (values) => values as { issuer: string; sessionId: string },
      (owner, revocation) => isReached({ subject: 'alice', ...owner }, revocation),
    );
  });
  test('of a user is none of a session that is called the same', async () => {
    expect(
      await isReached({ issuer: 'i', subject: 'bob', sessionId: 'alice' }, { issuer: 'i', subject: 'alice' }),
    ).toBe(false);
    expect(await isReached({ issuer: 'i', subject: 'one' }, { issuer: 'i', sessionId: 'one' })).toBe(false);
  });
});

const isSameFingerprint = (one: readonly string[], other: readonly string[]) =>
  JSON.stringify(one) === JSON.stringify(other);

describe('the actor of an exchange', () => {
  testMembers(
    { iss: optionalText, sub: text, client_id: optionalText, type: text },
    ({ type, ...claims }) => ({ type: String(type), token: new UnsecuredJWT(claims).encode() }),
    async (one, other) => isSameFingerprint(await computeActorFingerprint(one), await computeActorFingerprint(other)),
  );
});

describe('the authorization server of an API', () => {
  testMembers(
    { issuer: text, metadataUrl: text, id: text, version: text },
    ({ id, version, ...server }) => ({ ...server, client: { id, authentication: { version: () => version } } }),
    async (one, other) =>
      isSameFingerprint(await computeForeignFingerprint(one as never), await computeForeignFingerprint(other as never)),
  );
});
