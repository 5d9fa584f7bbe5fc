import { afterEach, expect, test } from '@jest/globals';
import { errors } from 'nestjs-mcp-auth';
import { toExchangedToken, type ExchangeDialect } from 'nestjs-mcp-auth/dialects';
import { callTool } from '../support/mcp-request.js';
import { answering, attempt, bootProblems, DialectServers, form, order, refusing, Watched } from './dialect-server.js';

const servers = new DialectServers();

afterEach(() => servers.close());

/** As docs/reference/dialects.md has it. */
function acme({ region }: { region: string }): ExchangeDialect {
  return {
    name: 'acme',
    subject: 'caller',
    grantTypes: ['urn:acme:on-behalf-of'],
    fingerprint: [region],
    findProblems: ({ audience }) =>
      audience === undefined ? ['has no `audience`. Set it to the number of the API'] : [],
    async exchange({ target, subjectToken, tokenEndpoint }) {
      const answer = await tokenEndpoint.request('urn:acme:on-behalf-of', {
        ...target.parameters,
        token: subjectToken,
        api: target.audience,
        region,
      });
      return toExchangedToken(answer, { scopes: target.scopes });
    },
  };
}

test('a dialect of your own sends its form, with the authentication of the client', async () => {
  const server = await servers.start({ audience: '42', dialect: acme({ region: 'eu' }) });
  const forms = answering(server.issuer);
  const token = await server.token();
  expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
  expect(forms).toEqual([form({ grant_type: 'urn:acme:on-behalf-of', token, api: '42', region: 'eu' })]);
});

test('its failures are those of the token endpoint', async () => {
  const watched = new Watched(acme({ region: 'eu' }));
  const server = await servers.start({ audience: '42', dialect: watched.dialect });
  refusing(server.issuer, 400, { error: 'invalid_target' });
  await attempt(server);
  expect(watched.failures).toEqual([expect.any(errors.TokenEndpointError)]);
  expect(watched.failure).toEqual({ status: 400, error: 'invalid_target' });
});

test('what it throws otherwise is for the operator', async () => {
  const broken: ExchangeDialect = { ...acme({ region: 'eu' }), exchange: () => Promise.reject(new TypeError('oops')) };
  const server = await servers.start({ audience: '42', dialect: broken });
  const result = await order(server);
  expect(result.isError).toBe(true);
  expect(JSON.stringify(result)).not.toContain('oops');
  expect(server.log.text).toContain('oops');
});

test('its problems stop the boot', async () => {
  expect(await bootProblems({ dialect: acme({ region: 'eu' }) })).toEqual([
    '`downstreams.orders` has no `audience`. Set it to the number of the API.',
  ]);
});
