import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { proofOf, type BoundClient } from '../proof/bound-client.js';
import { ProofClient } from '../proof/proof-client.js';
import { send } from '../proof/send.js';
import { callTool, textOf, toolCall } from '../support/mcp-request.js';
import { SharedServer } from './shares.js';

describe.each(['express', 'fastify'] as const)('on %s, one caller with ever new', (platform) => {
  let shared: SharedServer;
  let client: ProofClient;
  beforeAll(async () => {
    client = await ProofClient.start();
    shared = await SharedServer.start(
      platform,
      { perCaller: { cachedCallers: 3, usedProofs: 3 } },
      { proof: { dpop: {} } },
    );
  });
  afterAll(() => shared.close());

  test('tokens takes no more than its share of those that are remembered', async () => {
    const { resource } = shared.server;
    await callTool(resource, shared.tokenOf('victim'), 'ping');
    for (let index = 0; index < 10; index += 1) {
      const token = await shared.server.token('', { sub: 'attacker', client_id: 'client', jti: `${index}` });
      expect(textOf(await callTool(resource, token, 'ping'))).toBe('pong');
    }
    expect(shared.held('cachedCallers').count).toBe(4);
    expect(shared.told('cachedCallers')).toEqual(['attacker caller displaced']);
  });

  test('proofs has none accepted twice, and another caller has all of its own accepted', async () => {
    const { resource } = shared.server;
    const boundTo = async (sub: string): Promise<BoundClient> => ({
      client,
      resource,
      token: await shared.server.token('', { sub, client_id: 'client', cnf: client.confirmation }),
    });
    const [attacker, victim] = [await boundTo('attacker'), await boundTo('victim')];
    const use = async ({ token }: BoundClient, proof: string) => {
      const headers = { authorization: `DPoP ${token}`, dpop: [proof] };
      return (await send(resource, { body: toolCall('ping'), headers })).status;
    };
    const now = Math.floor(Date.now() / 1000);
    const proofs: string[] = [];
    for (let index = 0; index < 10; index += 1) proofs.push(await proofOf(attacker, { iat: now + index }));
    for (const proof of proofs) expect(await use(attacker, proof)).toBe(200);
    const mine = await proofOf(victim);
    expect([await use(victim, mine), await use(victim, mine)]).toEqual([200, 401]);
    for (const proof of proofs) expect(await use(attacker, proof)).toBe(401);
    expect(await use(victim, await proofOf(victim))).toBe(200);
    expect(shared.held('usedProofs').count).toBe(5);
  });
});
