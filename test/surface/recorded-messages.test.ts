import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startAuthorizedServer, type AuthorizedServer } from '../conformance/conformance-server.js';
import { ask, comparable, openBothPaths, type Answer, type Path, type Sent } from './both-paths.js';

/** What the conformance suite sends, in its order: `npm run test:oracle:record`. */
const recorded = JSON.parse(
  readFileSync(new URL('../conformance/recorded-messages.json', import.meta.url), 'utf8'),
) as readonly Sent[];

/** A server for each path, because some tools change others. */
describe.each(['express', 'fastify'] as const)('the messages of the conformance suite, on %s', (platform) => {
  const servers = new Map<Path, AuthorizedServer>();
  let count: { readonly direct: number };

  beforeAll(async () => {
    count = openBothPaths();
    for (const path of ['direct', 'sdk'] as const) servers.set(path, await startAuthorizedServer(platform));
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    for (const server of servers.values()) await server.close();
  });

  /** Sends one message after the other. */
  async function replay(path: Path): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    for (const one of recorded) answers.push(comparable(await ask(servers.get(path)?.url ?? '', one, path)));
    return answers;
  }

  test(`${recorded.length} of them are answered as the SDK answers them`, async () => {
    const [direct, sdk] = await Promise.all([replay('direct'), replay('sdk')]);
    for (const [index, one] of recorded.entries()) expect([one, direct[index]]).toEqual([one, sdk[index]]);
    // The test would say nothing if the SDK answered all of them.
    expect(count.direct).toBeGreaterThan(recorded.length / 4);
  });
});
