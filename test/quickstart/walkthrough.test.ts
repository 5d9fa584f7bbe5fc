import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { startQuickstart, type Quickstart } from '../../sample/quickstart/quickstart.js';
import { authorizationNeeded, McpClient } from '../../sample/quickstart/walkthrough/mcp-client.js';
import { StepFailure } from '../../sample/quickstart/walkthrough/step-printer.js';
import { walkThrough } from '../../sample/quickstart/walkthrough/walkthrough.js';

let quickstart: Quickstart;
beforeEach(async () => {
  quickstart = await startQuickstart({ mcpPort: 0, authPort: 0, apiPort: 0 });
});
afterEach(() => quickstart.close());

async function signedIn(username: string, url = quickstart.mcpUrl): Promise<McpClient> {
  const client = new McpClient(new URL(url), username);
  await authorizationNeeded(client.connect());
  await client.redeemCode(await client.signIn());
  await client.connect();
  return client;
}

describe('the walkthrough', () => {
  test('prints ten lines, and no token', async () => {
    const lines: string[] = [];

    await walkThrough(quickstart, (line) => lines.push(line));

    const { mcpUrl, apiUrl } = quickstart;
    expect(lines).toHaveLength(10);
    expect(lines.map((line) => line.trim().split(/ {2,}/).slice(0, 1).concat(statusOf(line)))).toEqual([
      ['1. client → mcp server', '401'],
      ['2. mcp server → client', '200'],
      ['3. client → authorization server', '200'],
      ['4. authorization server → client', '200'],
      ['5. client → authorization server', '201'],
      ['6. authorization server → client', '200'],
      ['7. client → mcp server', '200'],
      ['8. mcp server → authorization server', '200'],
      ['9. authorization server → mcp server', '200'],
      ['10. mcp server → orders api', '200'],
    ]);
    expect(lines[5]).toContain(`(aud=${mcpUrl} sub=alice scope=orders:read)`);
    expect(lines[6]).toContain(`(aud=${mcpUrl} sub=alice scope=orders:read)`);
    expect(lines[8]).toContain(`(aud=${apiUrl} sub=alice scope=orders:read act=mcp-server)`);
    expect(lines[9]).toContain(`(aud=${apiUrl} sub=alice scope=orders:read act=mcp-server)`);
    expect(lines[9]).toContain('"owner":"alice"');
    expect(lines.join('\n')).not.toContain('eyJ');
  });

  test('ends at the step that fails, and says which', async () => {
    const lines: string[] = [];
    await quickstart.close();

    await expect(walkThrough(quickstart, (line) => lines.push(line))).rejects.toThrow(StepFailure);

    expect(lines).toEqual([expect.stringMatching(/^ 1\. client → mcp server .*FAILED: /)]);
  });
});

test('each user gets the orders of their own', async () => {
  for (const username of ['alice', 'bob']) {
    const client = await signedIn(username);
    const answer = await client.callTool('list_orders', {});
    await client.close();

    expect([...answer.matchAll(/"owner":"(\w+)"/g)].map(([, owner]) => owner)).toContain(username);
    expect(answer).not.toContain(username === 'alice' ? '"bob"' : '"alice"');
  }
});

test('a client may call the loopback localhost as well', async () => {
  const client = await signedIn('alice', quickstart.mcpUrl.replace('127.0.0.1', 'localhost'));
  const answer = await client.callTool('find_order', { id: '1001' });
  await client.close();

  expect(answer).toContain('"owner":"alice"');
  expect(decodeJwt(client.accessToken).aud).toContain('//localhost:');
});

test('a tool that needs more makes the client step up, and the new token serves both', async () => {
  const client = await signedIn('bob');
  const order = { item: 'pump', quantity: 1 };
  const scopeBefore = decodeJwt(client.accessToken).scope;

  await authorizationNeeded(client.callTool('create_order', order));
  await client.redeemCode(await client.signIn());
  const created = await client.callTool('create_order', order);
  const listed = await client.callTool('list_orders', {});
  await client.close();

  expect(scopeBefore).toBe('orders:read');
  expect(String(decodeJwt(client.accessToken).scope).split(' ').sort()).toEqual(['orders:read', 'orders:write']);
  expect(created).toContain('"owner":"bob"');
  expect(listed).toContain('"pump"');
});

function statusOf(line: string): string {
  return / {2}(\d{3})(?: {2}\(|$)/.exec(line)?.[1] ?? '';
}
