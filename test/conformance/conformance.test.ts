import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAuthorizedServer, startOpenServer, type ConformanceServer } from './conformance-server.js';
import { ConformanceSuite, type Report } from './suite.js';

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
      const expected = new URL(`expected-failures/${revision}.yml`, import.meta.url).pathname;
      report = await suite.run(server.url, revision, expected).finally(() => server.close());
    });

    test.each([...scored, ...unscored])('%s', (scenario) => {
      expect(report.faults(scenario)).toEqual([]);
    });
  });
}
