import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RecordingLogger } from '../support/recording-logger.js';
import { run } from './run-command.js';

let folder: string;
let path: string;
let manifest: string;
let files = 0;

beforeAll(async () => {
  Logger.overrideLogger(new RecordingLogger());
  folder = await mkdtemp(join(tmpdir(), 'openapi-check-'));
  path = join(folder, 'things.json');
});
beforeEach(() => {
  files += 1;
  manifest = join(folder, `manifest-${files}.json`);
});
afterAll(() => rm(folder, { recursive: true }));

const responses = { 200: { description: 'OK' } };
const needs = (...alternatives: string[][]) => ({ security: alternatives.map((scopes) => ({ oauth: scopes })) });
const flows = { clientCredentials: { tokenUrl: 'https://login.example/token', scopes: {} } };

async function offer(paths: object): Promise<void> {
  const components = { securitySchemes: { oauth: { type: 'oauth2', flows } } };
  await writeFile(path, JSON.stringify({ openapi: '3.1.0', info: { title: 'T', version: '1' }, paths, components }));
}

interface Told {
  code: string;
  kind: string;
  subject: string;
  message: string;
}

/** What differs between two versions of a document. */
async function compare(before: object, now: object) {
  await offer(before);
  expect(await run('openapi', path, '--write', manifest)).toMatchObject({ code: 0, stderr: '' });
  await offer(now);
  const { code, stdout, stderr } = await run('openapi', path, '--check', manifest, '--json');
  expect(stderr).toBe('');
  const { differences } = JSON.parse(stdout) as { differences: Told[] };
  expect(code).toBe(differences.length > 0 ? 1 : 0);
  return differences;
}

const read = (more: object = {}) => ({ operationId: 'read', responses, ...needs(['r']), ...more });
const change = (more: object = {}) => ({ operationId: 'change', responses, ...needs(['w']), ...more });
const query = (schema: object, name = 'q') => ({ parameters: [{ in: 'query', name, schema }] });

const GET = { '/a': { get: read() } };

describe('nestjs-mcp-auth openapi --check', () => {
  test.each<[string, object, object, string, string, RegExp]>([
    ['a new write', GET, { '/a': { get: read(), post: change() } }, 'opened', 'write_reachable', /takes w\./],
    [
      'a new read of a scope that was there',
      GET,
      { ...GET, '/b': { get: read({ operationId: 'other' }) } },
      'opened',
      'scope_reaches_more',
      /takes r\./,
    ],
    [
      'a new read of a new scope',
      GET,
      { ...GET, '/b': { get: read({ operationId: 'other', ...needs(['n']) }) } },
      'added',
      'operation_added',
      /takes n\./,
    ],
    [
      'fewer scopes',
      { '/a': { get: read(needs(['r', 's'])) } },
      GET,
      'opened',
      'scopes_dropped',
      /takes r\. Before it took r and s\./,
    ],
    ['no scopes', GET, { '/a': { get: read({ security: [] }) } }, 'opened', 'scopes_dropped', /any valid token/],
    [
      'another way in',
      GET,
      { '/a': { get: read(needs(['r'], ['x'])) } },
      'opened',
      'scope_reaches_more',
      /reached with x\. Before it took r\./,
    ],
    ['more scopes', GET, { '/a': { get: read(needs(['r', 's'])) } }, 'changed', 'scopes_narrowed', /takes r and s\./],
    ['one that is gone', { ...GET, '/b': { get: change() } }, GET, 'removed', 'operation_removed', /not offered/],
    ['another name', GET, { '/a': { get: read({ operationId: 'list' }) } }, 'changed', 'renamed', /"read" before/],
    ['a new argument', GET, { '/a': { get: read(query({ type: 'string' })) } }, 'added', 'argument_added', /"q"/],
    ['an argument less', { '/a': { get: read(query({ type: 'string' })) } }, GET, 'removed', 'argument_removed', /"q"/],
    [
      'other values of an argument',
      { '/a': { get: read(query({ type: 'string', enum: ['a'] })) } },
      { '/a': { get: read(query({ type: 'string', enum: ['a', 'b'] })) } },
      'changed',
      'argument_changed',
      /"q"/,
    ],
    [
      'other texts',
      GET,
      { '/a': { get: read({ summary: 'Send it all.' }) } },
      'changed',
      'definition_changed',
      /texts/,
    ],
  ])('tells of %s', async (_name, before, now, kind, code, message) => {
    expect(await compare(before, now)).toEqual([
      expect.objectContaining({ kind, code, message: expect.stringMatching(message) }),
    ]);
  });

  test('tells of nothing if only the order differs', async () => {
    const other = { '/b': { get: change() } };
    expect(await compare({ ...GET, ...other }, { ...other, ...GET })).toEqual([]);
  });

  test('says each difference in a line, what is open now first', async () => {
    await offer({ ...GET, '/gone': { get: read({ operationId: 'gone' }) } });
    await run('openapi', path, '--write', manifest);
    await offer({ ...GET, '/b': { post: change() } });
    const { code, stdout } = await run('openapi', path, '--check', manifest);
    expect(code).toBe(1);
    expect(stdout).toBe(
      'OPENED   things: tool change (POST /b) is new and may change something. It takes w.\n' +
        'REMOVED  things: tool gone (GET /gone) is not offered any more.\n' +
        '\ndifferences: 2, opened: 1\n',
    );
  });

  test('says that nothing differs', async () => {
    await offer(GET);
    await run('openapi', path, '--write', manifest);
    expect(await run('openapi', path, '--check', manifest)).toEqual({
      code: 0,
      stdout: 'Nothing differs.\n',
      stderr: '',
    });
  });

  test.each([
    ['no JSON', 'not json'],
    ['another JSON', '{"manifest":2,"servers":[]}'],
  ])('cannot run with %s', async (_name, text) => {
    await offer(GET);
    await writeFile(manifest, text);
    const { code, stderr } = await run('openapi', path, '--check', manifest);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(manifest) });
  });
});

describe('nestjs-mcp-auth openapi --write', () => {
  test('writes over what it wrote itself, and over nothing else', async () => {
    await offer(GET);
    expect(await run('openapi', path, '--write', manifest)).toMatchObject({ code: 0 });
    expect(await run('openapi', path, '--write', manifest)).toMatchObject({ code: 0 });
    const written = await readFile(manifest, 'utf8');
    for (const text of [written.replace('"read"', '"other"'), '{}', 'mine']) {
      await writeFile(manifest, text);
      const { code, stderr } = await run('openapi', path, '--write', manifest);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--force') });
      expect(await readFile(manifest, 'utf8')).toBe(text);
    }
    expect(await run('openapi', path, '--write', manifest, '--force')).toMatchObject({ code: 0 });
    expect(await readFile(manifest, 'utf8')).toBe(written);
  });

  test('makes the folder of the file', async () => {
    await offer(GET);
    const file = join(folder, 'new/folder/things.json');
    expect(await run('openapi', path, '--write', file)).toMatchObject({ code: 0, stderr: '' });
    expect(await run('openapi', path, '--check', file)).toMatchObject({ code: 0 });
  });

  test('writes nothing for a document that would stop the boot', async () => {
    await offer(GET);
    expect(await run('openapi', path, '--write', manifest, '--max-tools', '0')).toMatchObject({ code: 1 });
    await expect(readFile(manifest)).rejects.toThrow('ENOENT');
  });
});
