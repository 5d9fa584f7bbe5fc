import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { headersFor, toolCall } from '../support/mcp-request.js';
import type { Platform } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { ReplicaProcess, RESOURCE } from '../shutdown/replica-process.js';

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await TestIssuer.start();
});
afterAll(() => issuer.close());

/** Stops a process while a call runs, on a connection that has served another one and is kept. */
async function stopDuringCall(replica: ReplicaProcess): Promise<[first: number, second: string]> {
  const token = await issuer.token({ aud: RESOURCE });
  const dispatcher = new Agent({ connections: 1 });
  const call = async (tool: string) => {
    const body = toolCall(tool);
    const asked = { method: 'POST', headers: headersFor(body, token), body: JSON.stringify(body), dispatcher } as const;
    const answer = await request(`http://${replica.address}/mcp`, asked);
    return [answer.statusCode, await answer.body.text()] as const;
  };
  const [status] = await call('quick');
  const running = call('slow');
  // The slow call is sent before this.
  await request(`http://${replica.address}/health`).then(({ body }) => body.dump());
  replica.signal('SIGTERM');
  const [, text] = await running;
  await dispatcher.close();
  return [status, text];
}

const KINDS: readonly [what: string, platform: Platform, forceClose: boolean][] = [
  ['Express', 'express', false],
  ['Fastify', 'fastify', false],
  ['Express with forceCloseConnections', 'express', true],
  ['Fastify with forceCloseConnections', 'fastify', true],
];

test.each(KINDS)('a call that runs while SIGTERM comes is answered, by %s', async (_what, platform, forceClose) => {
  const calls = { balancerGraceMs: 0 };
  const replica = await ReplicaProcess.start({ issuer: issuer.issuer, platform, forceClose, calls });
  try {
    expect(await stopDuringCall(replica)).toEqual([200, expect.stringContaining('done by')]);
    expect(await replica.over).toEqual({ code: null, signal: 'SIGTERM' });
    expect(replica.told).toBe('');
  } finally {
    await replica.close();
  }
});
