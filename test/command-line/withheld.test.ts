import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RecordingLogger } from '../support/recording-logger.js';
import { run } from './run-command.js';

let folder: string;
let files = 0;

beforeAll(async () => {
  Logger.overrideLogger(new RecordingLogger());
  folder = await mkdtemp(join(tmpdir(), 'withheld-'));
});
afterAll(() => rm(folder, { recursive: true }));

const text = { type: 'string' };
const query = (name: string, schema: object = text) => ({ in: 'query', name, schema });
const form = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

/** The body of an operation, or the parameters. */
interface Operation {
  readonly parameters?: readonly object[];
  readonly body?: object;
}

const path = (name: string) => ({ in: 'path', name, required: true, schema: text });

async function writeConfig(operation: Operation, options: object): Promise<string> {
  files += 1;
  const { parameters = [], body } = operation;
  const requestBody = body && { requestBody: { content: { 'application/json': { schema: body } } } };
  const responses = { 200: { description: 'OK' } };
  const document = {
    openapi: '3.1.0',
    info: { title: 'Things', version: '1' },
    paths: {
      '/a/{id}': { put: { operationId: 'change', parameters: [path('id'), ...parameters], ...requestBody, responses } },
    },
  };
  const file = join(folder, `options-${files}.mjs`);
  await writeFile(file, `export default ${JSON.stringify({ downstream: 'things', document, ...options })};`);
  return file;
}

interface Told {
  readonly code: string;
  readonly kind: string;
  readonly message: string;
}

/** What differs if `parameters` go, or become others. */
async function compare(operation: Operation, before: object, now: object = {}, later = operation) {
  const manifest = join(folder, `manifest-${files}.json`);
  const written = await run(
    'openapi',
    '--config',
    await writeConfig(operation, { parameters: before }),
    '--write',
    manifest,
  );
  expect(written).toMatchObject({ code: 0, stderr: '' });
  const { stdout } = await run(
    'openapi',
    '--config',
    await writeConfig(later, { parameters: now }),
    '--check',
    manifest,
    '--json',
  );
  const { differences } = JSON.parse(stdout) as { differences: Told[] };
  return differences.map(({ code, kind, message }) => `${kind} ${code} ${/"(.*)"/.exec(message)?.[1] ?? ''}`);
}

const parameters = [query('tenant')];
const nested = form({ customer: form({ tenant: text, name: text }), note: text });
const whole = form({ tenant: text }, { additionalProperties: text });

describe('nestjs-mcp-auth openapi --check tells what callers may write that they could not', () => {
  test.each<[string, Operation, object, string[]]>([
    ['hidden', { parameters }, { tenant: 'hidden' }, ['query tenant']],
    ['fixed', { parameters }, { tenant: { value: 'acme' } }, ['query tenant']],
    ['one whose key is an alias', { parameters: [query('$.tenant')] }, { '$.tenant': 'hidden' }, ['query $.tenant']],
    [
      'one that has the name of another parameter',
      { parameters: [query('id')] },
      { id: { hidden: true, in: 'query' } },
      ['query id'],
    ],
    [
      'a property of the body',
      { body: form({ tenant: text, note: text }) },
      { tenant: { value: 'acme' } },
      ['body /tenant'],
    ],
    ['a property of a body that is one argument', { body: whole }, { tenant: 'hidden' }, ['body /tenant']],
    ['a member in the body', { body: nested }, { '/customer/tenant': { value: 'acme' } }, ['body /customer/tenant']],
    ['an object in the body', { body: nested }, { customer: 'hidden' }, ['body /customer']],
    ['the only property of the body', { body: form({ tenant: text }) }, { tenant: 'hidden' }, ['body /tenant']],
  ])('%s', async (_what, operation, before, freed) => {
    const differences = await compare(operation, before);

    expect(differences.filter((one) => one.startsWith('opened'))).toEqual(
      freed.map((name) => `opened argument_freed ${name}`),
    );
    expect(differences.filter((one) => one.includes('argument_added'))).toEqual([]);
  });

  test.each<[string, Operation, object, object, Operation | undefined, string[]]>([
    [
      'a parameter that stays hidden',
      { parameters },
      { tenant: 'hidden' },
      { tenant: { value: 'acme' } },
      undefined,
      ['changed withheld_changed query tenant'],
    ],
    [
      'a fixed value that stays',
      { parameters },
      { tenant: { value: ['a'] } },
      { tenant: { value: ['a'] } },
      undefined,
      [],
    ],
    [
      'a fixed value that becomes another',
      { parameters },
      { tenant: { value: 'acme' } },
      { tenant: { value: 'other' } },
      undefined,
      ['changed withheld_changed query tenant'],
    ],
    [
      'a fixed member in the body that becomes another',
      { body: nested },
      { '/customer/tenant': { value: 'acme' } },
      { '/customer/tenant': { value: { name: 'acme' } } },
      undefined,
      ['changed withheld_changed body /customer/tenant'],
    ],
    ['a parameter that goes', { parameters }, { tenant: 'hidden' }, {}, {}, []],
    ['a parameter that was not there', {}, {}, {}, { parameters }, ['added argument_added tenant']],
    [
      'a parameter that is hidden now',
      { parameters },
      {},
      { tenant: 'hidden' },
      undefined,
      ['removed argument_removed tenant'],
    ],
  ])('and not %s', async (_what, operation, before, now, later, told) => {
    expect(await compare(operation, before, now, later)).toEqual(told);
  });

  test('not of what is not described because of its size', async () => {
    const many = Array.from({ length: 40 }, (_one, index) => query(`a-long-name-of-a-parameter-${index}`));
    const manifest = join(folder, 'manifest-size.json');
    const bounded = await writeConfig({ parameters: many }, { maxToolSize: 500 });
    await run('openapi', '--config', bounded, '--write', manifest);
    const full = await writeConfig({ parameters: many }, {});
    const { stdout } = await run('openapi', '--config', full, '--check', manifest);

    expect(stdout).not.toContain('OPENED');
  });
});
