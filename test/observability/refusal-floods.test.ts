import { afterEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, UsePolicy, type AuditEvent, type McpAuthModuleOptions, type Policy } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

/** Decides nothing, which is logged by another logger than refusals are. */
class Odd implements Policy {
  permits() {
    return 'perhaps' as never;
  }
}

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  find(): string {
    return 'found';
  }

  @UsePolicy(Odd)
  @McpTool({ description: 'x' })
  judged(): string {
    return 'found';
  }
}

const FLOOD = 150;

let server: ProtectedServer | undefined;
afterEach(() => server?.close());

async function start(platform: Platform, options: Partial<McpAuthModuleOptions> = {}): Promise<ProtectedServer> {
  server = await startProtectedServer({ platform, providers: [Tools], options });
  return server;
}

/** Requests that strangers can make: each time another token, or another host. */
async function flood({ resource }: ProtectedServer, host: (index: number) => string | undefined): Promise<void> {
  for (let index = 0; index < FLOOD; index += 1) {
    const origin = host(index);
    const headers = { ...(origin !== undefined && { origin }) };
    const { status } = await post(resource, toolCall('find'), { token: `opaque-${index}`, headers });
    expect(status).toBe(origin === undefined ? 401 : 403);
  }
}

const linesOf = ({ log }: ProtectedServer) => log.lines.filter((line) => /^(warn|error) /.test(line));

describe.each(['express', 'fastify'] as const)('refused requests without end, on %s', (platform) => {
  test('fill no log, and a sink of one’s own gets each', async () => {
    const events: AuditEvent[] = [];
    const auditSink = { record: (event: AuditEvent) => void events.push(event) };
    const flooded = await start(platform, { observability: { auditSink } });
    await flood(flooded, () => undefined);
    await flood(flooded, (index) => `https://evil-${index}.example`);
    expect(events).toHaveLength(2 * FLOOD);
    const lines = linesOf(flooded);
    expect(lines.length).toBeLessThan(25);
    expect(lines[0]).toMatch(/A token was rejected \[.*it is opaque or damaged/);
    expect(lines.find((line) => line.includes('A request was refused'))).toContain('"https://evil-0.example"');
    await flooded.close();
    server = undefined;
    const sums = linesOf(flooded).slice(lines.length);
    expect(sums).toEqual([
      expect.stringMatching(/A token was rejected \[.*\(\d+ times in the last \d+ s\)/),
      expect.stringMatching(/"https:\/\/evil-149\.example".*\(140 times in the last \d+ s\)/),
    ]);
  });

  test('of any kind are told with their number when the application stops', async () => {
    const refusing = await start(platform);
    const token = await refusing.token();
    for (let times = 0; times < 3; times += 1)
      expect((await post(refusing.resource, toolCall('judged'), { token })).status).toBe(200);
    const odd = () => linesOf(refusing).filter((line) => line.includes('The policy Odd returned neither'));
    expect(odd()).toHaveLength(1);
    await refusing.close();
    server = undefined;
    expect(odd()).toEqual([expect.any(String), expect.stringMatching(/\(2 times in the last \d+ s\)/)]);
  });

  test('fill no log where the log is the sink, either', async () => {
    const flooded = await start(platform);
    await flood(flooded, (index) => `https://evil-${index}.example`);
    const lines = linesOf(flooded);
    expect(lines).toHaveLength(10);
    await flooded.close();
    server = undefined;
    const [sum = '', ...more] = linesOf(flooded).slice(10);
    expect(more).toEqual([]);
    expect(sum).toMatch(/"type":"request_refused".*evil-149.*"leftOut":\{"count":140,"periodMs":\d+\}\} McpAudit$/);
  });
});
