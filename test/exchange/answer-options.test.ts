import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { clientSecretBasic, dialects } from 'nestjs-mcp-auth';
import type { DownstreamServer } from '../downstream/downstream-server.js';
import { Clinic, ORDERS } from '../doctor/examined.js';
import { bootErrorOf } from '../support/module-boot.js';
import { optionsFor } from '../support/module-options.js';
import { ACCESS_TOKEN, answering, bootProblems, DialectServers, JWT, order, Watched } from './dialect-server.js';

type Options = NonNullable<Parameters<typeof dialects.rfc8693>[0]>;

const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const REFRESH_TOKEN = 'urn:ietf:params:oauth:token-type:refresh_token';
const PING = 'urn:params:oauth:token-type:jwt';
const audience = 'orders-api';
const servers = new DialectServers();

describe.each(['express', 'fastify'] as const)('the options of rfc8693, on %s,', (platform) => {
  let server: DownstreamServer;
  let options: Options;
  let failure: object;

  beforeAll(async () => {
    const inner = dialects.rfc8693();
    const dialect = { ...inner, exchange: exchanging };
    server = await servers.start({ audience, dialect }, platform);
  });
  afterEach(() => {
    server.issuer.answers.clear();
  });
  afterAll(() => servers.close());

  async function exchanging(request: Parameters<ReturnType<typeof dialects.rfc8693>['exchange']>[0]) {
    const watched = new Watched(dialects.rfc8693(options));
    try {
      return await watched.dialect.exchange(request);
    } catch (error) {
      failure = watched.failure;
      throw error;
    }
  }

  test.each<[string, Options, object]>([
    ['an access token where none was asked for', { requestedTokenType: false }, {}],
    ['a JWT where none was asked for', { requestedTokenType: false }, { issued_token_type: JWT }],
    ['what was asked for', { requestedTokenType: PING }, { issued_token_type: PING }],
    ['a JWT that is named', { issuedTokenType: JWT }, { issued_token_type: JWT }],
    ['one of several that are named', { issuedTokenType: [ACCESS_TOKEN, PING] }, { issued_token_type: PING }],
    ['no issued_token_type', { acceptMissingIssuedTokenType: true }, { issued_token_type: undefined }],
    ['issued_token_type that is null', { acceptMissingIssuedTokenType: true }, { issued_token_type: null }],
    ['no token_type', { acceptMissingTokenType: true }, { token_type: undefined }],
    ['a name of its own for Bearer', { tokenType: 'JWT' }, { token_type: 'jwt' }],
    ['N_A for a JWT', { requestedTokenType: JWT, tokenType: ['N_A'] }, { token_type: 'N_A', issued_token_type: JWT }],
  ])('take %s', async (_what, given, change) => {
    options = given;
    answering(server.issuer, () => change);
    expect((await order(server)).isError).toBeUndefined();
  });

  test.each<[string, Options, object]>([
    ['a refresh token where none was asked for', { requestedTokenType: false }, { issued_token_type: REFRESH_TOKEN }],
    ['nothing said where none was asked for', { requestedTokenType: false }, { issued_token_type: undefined }],
    ['another type than the one that is named', { issuedTokenType: JWT }, {}],
    ['an ID token, if it may be missing', { acceptMissingIssuedTokenType: true }, { issued_token_type: ID_TOKEN }],
    ['another token_type, if it may be missing', { acceptMissingTokenType: true }, { token_type: 'mac' }],
    ['a bound token, if the type may be another', { tokenType: 'JWT' }, { token_type: 'DPoP' }],
    ['N_A for an access token', {}, { token_type: 'N_A' }],
  ])('do not take %s', async (_what, given, change) => {
    options = given;
    answering(server.issuer, () => change);
    expect((await order(server)).isError).toBe(true);
    expect(failure).toEqual({ status: 200, unusable: true });
  });
});

test.each<[string, Options, RegExp]>([
  ['a refresh token', { requestedTokenType: REFRESH_TOKEN }, /refresh_token for the API, which must not see it/],
  ['an ID token', { issuedTokenType: [JWT, ID_TOKEN] }, /id_token for the API, which must not see it/],
  ['tokens that are bound to a key', { tokenType: ' DPoP' }, /`tokenType` is "dpop", whose tokens are bound to a key/],
  ['nothing', { issuedTokenType: '' }, /empty `issuedTokenType` or `tokenType`/],
])('an option that takes %s for the API stops the boot', async (_what, options, problem) => {
  expect((await bootProblems({ audience, dialect: dialects.rfc8693(options) })).join('\n')).toMatch(problem);
});

const relaxed = dialects.rfc8693({
  acceptMissingIssuedTokenType: true,
  acceptMissingTokenType: true,
  tokenType: 'JWT',
});

test('the doctor shows what gives a check up, and nothing else', async () => {
  const clinic = new Clinic();
  const client = { id: 'mcp', authentication: clientSecretBasic('s3cret', { encoding: 'none' }) };
  const findings = await clinic.examine({
    options: { client, downstreams: { orders: { ...ORDERS, dialect: relaxed }, billing: ORDERS } },
  });
  await clinic.close();
  const shown = findings.filter(({ code }) => code === 'check_relaxed');
  expect(
    shown.map(({ severity, subject, message }) => [severity, subject, /`\w+`|encoding/.exec(message)?.[0]]),
  ).toEqual([
    ['info', 'downstreams.orders', '`acceptMissingIssuedTokenType`'],
    ['info', 'downstreams.orders', '`acceptMissingTokenType`'],
    ['info', 'client.authentication', 'encoding'],
  ]);
});

test('the strict profile refuses what gives a check up', async () => {
  const downstreams = { orders: { ...ORDERS, dialect: relaxed } };
  const options = optionsFor('https://mcp.example', 'https://id.example', { profile: 'strict', downstreams });
  const { problems } = await bootErrorOf(options);
  for (const option of ['acceptMissingIssuedTokenType', 'acceptMissingTokenType'])
    expect(problems.join('\n')).toContain(`\`downstreams.orders.dialect\` has \`${option}\``);
});
