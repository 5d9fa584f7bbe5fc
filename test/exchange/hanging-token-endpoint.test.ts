import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TokenEndpoint } from 'nestjs-mcp-auth/dialects';
import { sendJson } from '../support/test-issuer.js';
import { catchTokenEndpoint, failureOf, type CaughtEndpoint } from './caught-endpoint.js';

const GOOD = { access_token: 'good', token_type: 'Bearer' };

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: CaughtEndpoint;
  let endpoints: TokenEndpoint[];
  /** Requests that have no answer. */
  const held: ServerResponse[] = [];

  beforeAll(async () => {
    server = await catchTokenEndpoint(undefined, {}, platform);
    endpoints = [];
    for (let number = 0; number < 12; number += 1) endpoints.push(await server.caught({ sub: `user-${number}` }));
  });
  afterAll(async () => {
    release();
    await server.close();
  });

  function release(): void {
    server.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, 200, GOOD);
    });
    for (const response of held.splice(0)) sendJson(response, 200, GOOD);
  }

  const askForAll = () => endpoints.map((endpoint) => endpoint.request('urn:test', { subject_token: 'a' }));

  test('an issuer whose token endpoint hangs is left to single requests, and all others fail at once', async () => {
    release();
    await Promise.all(askForAll());
    server.issuer.answers.set('/token', (_request, response) => {
      held.push(response);
    });
    const first = askForAll();
    while (!server.log.text.includes(`${server.issuer.issuer} answers nothing at the moment`))
      await new Promise((resolve) => setImmediate(resolve));
    const [trial, ...others] = askForAll();
    for (const answer of others) {
      const { failure, message } = await failureOf(answer);
      expect(failure).toEqual({});
      expect(message).toContain('was not asked');
    }
    release();
    await Promise.all([...first, trial]);
    await Promise.all(askForAll());
    expect(server.log.text).toContain(`${server.issuer.issuer} answers again`);
  });
});
