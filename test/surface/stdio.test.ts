import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TestIssuer } from '../support/test-issuer.js';

const exec = promisify(execFile);
const RESOURCE = 'https://mcp.acme.example/mcp';

describe('the sample on standard input and output', () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await TestIssuer.start();
    await exec(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'sample/stdio']);
  });
  afterAll(() => issuer.close());

  async function connect(era: 'modern' | 'legacy', scope: string): Promise<Client> {
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' } },
    );
    const token = await issuer.token({ aud: RESOURCE, scope });
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: ['sample/stdio/dist/main.js'],
        env: { MCP_ACCESS_TOKEN: token, MCP_ISSUER: issuer.issuer, MCP_RESOURCE: RESOURCE },
        stderr: 'ignore',
      }),
    );
    return client;
  }

  test.each(['modern', 'legacy'] as const)('serves a client that has started it, in the %s era', async (era) => {
    const client = await connect(era, 'orders:read');
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['find_order']);
    const { structuredContent } = await client.callTool({ name: 'find_order', arguments: { id: '7' } });
    expect(structuredContent).toEqual({ id: '7', of: 'alice' });
    await client.close();
  });

  test('enforces scopes', async () => {
    const client = await connect('modern', 'other');
    await expect(client.callTool({ name: 'find_order', arguments: { id: '7' } })).rejects.toThrow(
      /insufficient_scope.*orders:read/,
    );
    await client.close();
  });
});
