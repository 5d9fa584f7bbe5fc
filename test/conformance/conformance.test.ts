import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { post, toolCall } from '../support/mcp-request.js';
import { startAuthorizedServer, startOpenServer, type ConformanceServer } from './conformance-server.js';
import { ConformanceSuite, type Report } from './suite.js';
import { unscoredFaults } from './unscored-faults.js';

const REVISIONS = ['2025-11-25', '2026-07-28'];
const SERVERS: [string, () => Promise<ConformanceServer>][] = [
  ['for everybody', startOpenServer],
  ['behind authorization', startAuthorizedServer],
];

const suite = await ConformanceSuite.install();
afterAll(() => suite.remove());

for (const revision of REVISIONS) {
  const { scored, unscored } = await suite.scenarios(revision);

  describe.each(SERVERS)(`${revision}, %s`, (_name, start) => {
    let report: Report;

    beforeAll(async () => {
      const server = await start();
      const expected = fileURLToPath(new URL(`expected-failures/${revision}.yml`, import.meta.url));
      report = await suite.run(server.url, revision, expected).finally(() => server.close());
    });

    test.each(scored)('%s', (scenario) => {
      expect(report.isAsExpected(scenario) ? [] : report.faults(scenario)).toEqual([]);
    });

    test.each(unscored)('%s (not scored)', (scenario) => {
      const faults = report.faults(scenario);
      const ids = [...new Set(faults.map(({ id }) => id))];
      const known = unscoredFaults.get(scenario) ?? [];
      expect({ ids, faults: ids.length > known.length ? faults : [] }).toEqual({ ids: known, faults: [] });
    });

    test('the suite agrees, and expects no failure that is none', () => {
      expect(report.complaint).toBe('');
    });
  });
}

test('without the token of the proxy, and with one without scopes, nothing is answered', async () => {
  const server = await startAuthorizedServer();
  try {
    const body = toolCall('test_simple_text');
    const statuses = [];
    for (const [url, token] of [
      [server.url],
      [server.protectedUrl],
      [server.protectedUrl, await server.tokenWithoutScopes()],
    ] as [string, string?][]) {
      statuses.push((await post(url, body, { token })).status);
    }
    expect(statuses).toEqual([200, 401, 403]);
  } finally {
    await server.close();
  }
});
