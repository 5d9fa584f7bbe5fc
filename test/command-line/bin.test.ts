import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { orderDocument } from '../openapi/order-document.js';
import { ENVIRONMENT_OF_A_PROJECT } from '../support/node-release.js';

const root = process.cwd();
const { bin } = JSON.parse(await readFile('package.json', 'utf8')) as { bin: Record<string, string> };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bin-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'orders.json'), JSON.stringify(orderDocument));
  await writeFile(
    join(folder, 'application.mjs'),
    `import { Module } from '@nestjs/common';
import { McpAuthModule } from ${JSON.stringify(join(root, 'dist/index.js'))};
export class AppModule {}
Module({ imports: [McpAuthModule.forRoot({
  server: { name: 'shop', version: '1' }, resource: 'https://mcp.example/mcp', issuers: [{ issuer: 'https://login.example' }],
})] })(AppModule);
setInterval(() => undefined, 60_000);`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the program of the package, as it was built, in a process of its own. */
function run(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const program = join(root, bin['nestjs-mcp-auth'] ?? '');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { cwd: folder, env: ENVIRONMENT_OF_A_PROJECT, timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({ code: error ? error.code : 0, stdout, stderr });
      },
    );
  });
}

describe('the program nestjs-mcp-auth', () => {
  test('prints what a document is offered as', async () => {
    const { code, stdout, stderr } = await run('openapi', 'orders.json');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}listOrders +GET \/orders +orders:read/m);
  });

  test('writes, and tells by its exit code that something differs', async () => {
    const wide = JSON.stringify(orderDocument).replaceAll('"listOrders"', '"readOrders"');
    await writeFile(join(folder, 'renamed.json'), wide);
    const named = ['--downstream', 'orders'];

    expect(await run('openapi', 'orders.json', ...named, '--write', 'orders.lock.json')).toMatchObject({
      code: 0,
      stderr: '',
    });
    const { code, stdout } = await run('openapi', 'renamed.json', ...named, '--check', 'orders.lock.json');

    expect(code).toBe(1);
    expect(stdout).toContain('was named "listOrders" before.');
  });

  test('says on the error output why it could not run', async () => {
    const { code, stdout, stderr } = await run('openapi', '--config', 'none.mjs');

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^nestjs-mcp-auth: .*none\.mjs/);
  });

  test('tells what a helper of the package refuses in a configuration from what a module does wrong', async () => {
    const write = (name: string, code: string) => writeFile(join(folder, name), code);
    const index = JSON.stringify(join(root, 'dist/index.js'));
    await write('refused.mjs', `import { providers } from ${index};\nexport const issuers = [providers.keycloak({})];`);
    await write('wrong.mjs', `import { providers } from ${index};\nexport const issuers = [providers.keyclock({})];`);

    const refused = await run('doctor', '--config', 'refused.mjs');

    expect(refused).toMatchObject({ code: 1, stderr: '' });
    expect(refused.stdout).toContain('invalid_configuration');
    expect(refused.stdout).toContain('`providers.keycloak().url` is missing.');
    const wrong = await run('doctor', '--config', 'wrong.mjs');

    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/^nestjs-mcp-auth: .*keyclock is not a function/);
  });

  test('ends though an application keeps its process busy', async () => {
    const { code, stdout, stderr } = await run('manifest', '--config', 'application.mjs');

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '## shop\n\noperations: 0\n', stderr: '' });
  });
});
