import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { knownClients } from '../../lib/mcp-clients/known-clients.js';
import { listen } from '../support/listen.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';
import { run } from './run-command.js';

interface Described {
  readonly server: { readonly name: string; readonly url: string };
  readonly clients: readonly {
    readonly id: string;
    readonly page: string;
    readonly steps: readonly { text: string }[];
  }[];
}

const describeClients = async (...args: string[]) => {
  const { code, stdout, stderr } = await run('clients', ...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Described;
};

describe('nestjs-mcp-auth clients <url>', () => {
  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startProtectedServer({ options: { metadata: { name: 'Orders of Acme' } } });
  });
  afterAll(() => server.close());

  test('prints a block, the redirect URIs and the page of each client', async () => {
    const { code, stdout, stderr } = await run('clients', server.resource);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { title, id, page, redirectUris } of knownClients) {
      expect(stdout).toContain(`${title} (${id})\n`);
      expect(stdout).toContain(`  More: docs/clients/${page}\n`);
      for (const { uri } of redirectUris) expect(stdout).toContain(`    ${uri}  (`);
    }
    expect(stdout).toContain(`    claude mcp add --transport http Orders-of-Acme ${server.resource}\n`);
  });

  test('prints one client, with the ID that it has', async () => {
    const { server: added, clients } = await describeClients(
      ...[server.resource, '--client', 'vscode', '--client-id', 'editor', '--name', 'orders'],
    );
    expect(added).toMatchObject({ name: 'orders', url: server.resource, clientId: 'editor' });
    expect(clients.map(({ id }) => id)).toEqual(['vscode']);
    expect(JSON.parse(clients[0]?.steps[0]?.text ?? '')).toEqual({
      servers: { orders: { type: 'http', url: server.resource, oauth: { clientId: 'editor' } } },
    });
  });

  test('tells Copilot Studio where the authorization server is', async () => {
    const { stdout } = await run('clients', server.resource, '--client', 'copilot-studio', '--client-id', 'studio');
    const { authorization_endpoint, token_endpoint } = server.issuer.metadata() as Record<string, string>;
    expect(stdout).toContain(`Authorization URL: ${authorization_endpoint}\n`);
    expect(stdout).toContain(`Token URL template: ${token_endpoint}\n`);
  });

  test.each<[string, Record<string, number | object>, string]>([
    ['is open', { 'POST /mcp': 200, '/.well-known/oauth-protected-resource/mcp': 404 }, 'resource_metadata_unusable'],
    ['is not there', { 'POST /mcp': 404 }, 'challenge_missing'],
    ['has another name', { 'POST /mcp': 401, '/.well-known/oauth-protected-resource/mcp': {} }, 'resource_mismatch'],
  ])('says what is wrong with a server that %s, and prints no block', async (_what, answers, problem) => {
    const listener = await listen();
    listener.server.on('request', ({ method, url = '' }, response) => {
      const answer = answers[`${method} ${url}`] ?? answers[url] ?? 404;
      sendJson(response, typeof answer === 'number' ? answer : 200, answer);
    });
    const result = await run('clients', `${listener.origin}/mcp`);
    await listener.close();
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`ERROR ${problem}\n`) });
    expect(result.stderr).toContain('--offline');
  });

  test('asks nobody with --offline', async () => {
    const { server: added } = await describeClients('https://mcp.acme.example/mcp', '--offline');
    expect(added).toEqual({ name: 'mcp-acme-example', url: 'https://mcp.acme.example/mcp' });
  });
});

describe('nestjs-mcp-auth clients --config <file>', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'clients-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('takes URL, name and scopes from the options', async () => {
    const file = join(folder, 'options.mjs');
    const options = {
      server: { name: 'orders', title: 'Orders', version: '1' },
      resource: 'https://mcp.acme.example/mcp',
      issuers: [{ issuer: 'https://id.acme.example' }],
      scopes: { initial: ['orders:read'] },
    };
    await writeFile(file, `export default ${JSON.stringify(options)};`);
    const { server } = await describeClients('--config', file);
    expect(server).toEqual({ name: 'Orders', url: 'https://mcp.acme.example/mcp', scopes: ['orders:read'] });
  });

  test('cannot run for a module without options', async () => {
    const file = join(folder, 'none.mjs');
    await writeFile(file, 'export const other = 1;');
    expect(await run('clients', '--config', file)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('exports no options'),
    });
  });
});

test.each<[string, string[], RegExp]>([
  ['nothing', [], /^Usage:/],
  ['two URLs', ['https://a.example', 'https://b.example'], /^Usage:/],
  ['a URL and a file', ['https://a.example', '--config', 'x.mjs'], /^Usage:/],
  ['a client that it does not know', ['https://a.example', '--client', 'netscape'], /Use one of: vscode, claude/],
  ['a name that clients refuse', ['https://a.example', '--name', 'My server'], /--name takes letters/],
  ['a URL that no client accepts', ['http://a.example/mcp'], /plain http/],
  ['a URL with a password, which is not told', ['https://me:secret@a.example/mcp'], /^(?!.*secret).*credentials/],
])('does not take %s', async (_what, args, message) => {
  expect(await run('clients', ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
});

test.each(knownClients)('$id: what is printed can be pasted, whatever is in it', async ({ steps }) => {
  const [url, clientId] = ["https://mcp.acme.example/it's", "o'hara"];
  for (const { language, text } of steps({ name: 'orders', url, clientId })) {
    if (language === 'json') expect(JSON.stringify(JSON.parse(text))).toContain(url);
    if (language !== 'sh') continue;
    const { stdout } = await promisify(execFile)('sh', ['-c', `printf '%s\\n' ${text}`]);
    const words = stdout
      .split('\n')
      .flatMap((word) => (word.startsWith('{') ? Object.values(JSON.parse(word) as object) : word));
    if (words.length > 4) expect(words).toContain(url);
  }
});
