import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const read = async (file: string) => await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');

const ROW = /^\| `(?<name>[^`]+)`[^|]*\| (?<version>[\d.]+) /gm;

test('docs/clients/index.md has the versions that the tests run', async () => {
  const { dependencies } = JSON.parse(await read('test/clients/installed/setup/pinned/package.json')) as {
    dependencies: Record<string, string>;
  };
  const [, mcp = ''] = (await read('test/clients/installed/setup/pinned/requirements.txt')).trim().split('==');
  const [, go] = /go-sdk@v([\d.]+)/.exec(await read('docs/clients/go.md')) ?? [];
  const [, rmcp] = /^rmcp = \{ version = "=([\d.]+)"/m.exec(await read('docs/clients/rust.md')) ?? [];
  const [, java] = /<artifactId>mcp<\/artifactId>\s+<version>([\d.]+)</.exec(await read('docs/clients/java.md')) ?? [];
  const installed = async (name: string) =>
    (JSON.parse(await read(`node_modules/${name}/package.json`)) as { version: string }).version;

  const rows = [...(await read('docs/clients/index.md')).matchAll(ROW)].map(({ groups }) => [
    groups?.name,
    groups?.version,
  ]);

  expect(Object.fromEntries(rows)).toEqual({
    '@modelcontextprotocol/client': await installed('@modelcontextprotocol/client'),
    '@modelcontextprotocol/sdk': await installed('@modelcontextprotocol/sdk'),
    mcp,
    'github.com/modelcontextprotocol/go-sdk': go,
    rmcp,
    'io.modelcontextprotocol.sdk:mcp': java,
    ...dependencies,
  });
});

test('the commands of the pages name the same versions', async () => {
  const { dependencies } = JSON.parse(await read('test/clients/installed/setup/pinned/package.json')) as {
    dependencies: Record<string, string>;
  };
  const pages = await readdir(new URL('../../docs/clients', import.meta.url));
  const texts = await Promise.all(pages.map((page) => read(`docs/clients/${page}`)));
  const named = [...texts.join('\n').matchAll(/(@modelcontextprotocol\/inspector|mcp-remote)@([\d.]+\d)/g)];

  expect(named.length).toBeGreaterThan(1);
  for (const [, name = '', version] of named) expect(version).toBe(dependencies[name]);
});
