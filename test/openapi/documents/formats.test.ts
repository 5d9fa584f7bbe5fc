import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { loadDocument } from '../../../lib/openapi/documents/load-document.js';
import { createFolder, type TemporaryFolder } from './temporary-files.js';

const json = '{ "openapi": "3.1.0", "info": { "title": "ä" }, "paths": {} }';
const yaml = 'openapi: 3.1.0\ninfo:\n  title: ä\npaths: {}\n';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

/** UTF-16 in network order. */
function toBigEndian(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le').swap16();
}

describe('a document is read whatever it is written in', () => {
  test.each([
    ['JSON', json],
    ['YAML', yaml],
    ['YAML with line ends of Windows', yaml.replaceAll('\n', '\r\n')],
    ['JSON with a byte order mark', `\uFEFF${json}`],
    ['YAML with a byte order mark', `\uFEFF${yaml}`],
    ['YAML of one document', `---\n${yaml}...\n`],
    ['YAML that looks like JSON', '{ openapi: 3.1.0, info: { title: ä }, paths: {}, }'],
    ['UTF-16 with a byte order mark', Buffer.from(`\uFEFF${json}`, 'utf16le')],
    ['UTF-16 without one', Buffer.from(json, 'utf16le')],
    ['UTF-16 in network order', toBigEndian(`\uFEFF${yaml}`)],
    ['UTF-16 in network order without a mark', toBigEndian(yaml)],
  ])('%s', async (name, content) => {
    const document = await folder.write(`${name}.txt`, content);

    const { root } = await loadDocument({ document });

    expect(root.value).toMatchObject({ openapi: '3.1.0', info: { title: 'ä' }, paths: {} });
  });

  test('YAML with merge keys, aliases and keys that are numbers', async () => {
    const document = await folder.write(
      'merged.yaml',
      `${yaml}x-base: &base\n  get: &get { summary: a }\n  200: b\nx-more:\n  <<: *base\n  put: *get\n`,
    );

    const { root } = await loadDocument({ document });

    expect(root.value['x-more']).toStrictEqual({ 200: 'b', get: { summary: 'a' }, put: { summary: 'a' } });
  });

  test.each([
    ['openapi: 3.0', '3.0', true],
    ['openapi: 3.1', '3.1', false],
    ['openapi: 3.2', '3.2', false],
    ['openapi: 3.0.4', '3.0.4', true],
    ['openapi: "3.2.0"', '3.2.0', false],
    ['swagger: 2.0', '3.0.4', true],
    ['swagger: "2.0"', '3.0.4', true],
  ])('%s', async (line, version, isBefore31) => {
    const document = await folder.write('version.yaml', `${line}\ninfo: {}\npaths: {}\n`);

    const loaded = await loadDocument({ document });

    expect([loaded.root.value.openapi, loaded.isBefore31]).toStrictEqual([version, isBefore31]);
  });
});

describe('what is no OpenAPI document is told with the place and the fix', () => {
  test.each([
    ['', 'is empty. Write'],
    [' \r\n\n', 'is empty. Write'],
    ['# only a comment\n', 'is null, not an OpenAPI document. Write'],
    ['<!DOCTYPE html><html></html>', 'is HTML or XML, not an OpenAPI document. Name the address of the JSON or YAML'],
    ['\n<html>', 'is HTML or XML'],
    ['[1]', 'is a list, not an OpenAPI document'],
    ['just text', 'is a string, not an OpenAPI document'],
    ['{ "openapi": "3.1.0", "paths": { }', '(line 1, column 35): is neither JSON nor YAML'],
    ['openapi: 3.1.0\npaths:\n  a: b: c\n', '(line 3, column 6): is neither JSON nor YAML'],
    ['openapi: 3.1.0\ninfo: !secret x\n', '(line 2, column 7): has a tag'],
    ['openapi: 3.1.0\ninfo: !!js/function "x"\n', '(line 2, column 7): has a tag'],
    ['openapi: 3.1.0\n---\nopenapi: 3.1.0\n', '(line 2, column 1): begins a second YAML document'],
    ['openapi: 3.1.0\npaths: *none\n', 'has an alias to nothing'],
    ['openapi: 3.1.0\npaths: {}\npaths: {}\n', '(line 3, column 1): has `paths` twice in one object. Remove one'],
    ['{"openapi": "3.1.0",\n "paths": {"/a": {}, "/a": {}}}', '(line 2, column 22): has `/a` twice in one object'],
    ['{"openapi": "3.1.0", "__proto__": {"get": {}}}', '#: has a member `__proto__`'],
    ['openapi: 3.1.0\npaths:\n  __proto__: {}\n', '#/paths: has a member `__proto__`'],
    ['openapi: 3.1.0\npaths: &a\n  b: *a\n', '#/paths/b: is within itself'],
    ['{"paths": {}}', 'has neither `openapi` nor `swagger`'],
    ['{"asyncapi": "3.0.0"}', 'is of another kind: it has `asyncapi`'],
    ['{"swaggerVersion": "1.2"}', 'has Swagger "1.2", which is not known. Convert it'],
    [
      '{"openapi": "4.0.0"}',
      'has the version "4.0.0", which is not known. Use Swagger 2.0, or OpenAPI 3.0, 3.1 or 3.2',
    ],
    ['{"openapi": "3.3.0"}', 'has the version "3.3.0"'],
    ['{"openapi": "2.0"}', 'has the version "2.0"'],
    ['{"swagger": "3.0.0"}', 'has the version "3.0.0"'],
    ['{"openapi": {}}', 'has the version {}'],
    [Buffer.from([0x7b, 0xff, 0x22]), 'is not text in UTF-8. Save it as UTF-8'],
  ])('%j', async (content, problem) => {
    const document = await folder.write('wrong.yaml', content);

    const message = await loadDocument({ document }).then(
      () => 'loaded',
      (error: unknown) => (error as Error).message,
    );

    expect(message).toMatch(/^\S*wrong\.yaml/);
    expect(message).toContain(problem);
  });

  test.each([
    ['missing.yaml', 'does not exist. Paths are relative to the working directory'],
    ['.', 'is a directory. Name the file in it'],
    ['a\0b', 'cannot be read'],
  ])('a path to %j', async (name, problem) => {
    await expect(loadDocument({ document: join(folder.path, name) })).rejects.toThrow(problem);
  });

  test.each([
    [() => '{"openapi": "3.1.0"}', 'is the text of a document. Give its path or URL'],
    [() => null, 'is null, not a document. Return a path'],
    [() => Promise.reject(new Error('no database')), 'The function threw: no database'],
  ])('a function: %s', async (document, problem) => {
    await expect(loadDocument({ document: document as () => string })).rejects.toThrow(problem);
  });

  test('an object whose references were resolved into circles', async () => {
    const node: Record<string, unknown> = { type: 'object' };
    node.properties = { next: node };

    await expect(loadDocument({ document: { openapi: '3.1.0', components: { schemas: { node } } } })).rejects.toThrow(
      'document#/components/schemas/node/properties/next: is within itself. Give the document with its references',
    );
  });
});

test.each([
  ['package.json', 'package.json: has neither `openapi` nor `swagger`'],
  ['/dev/null', '/dev/null: is no regular file. Name one'],
  ['lib', 'lib: is a directory. Name the file in it'],
])('the place of %s is shown as people write it', async (document, problem) => {
  await expect(loadDocument({ document })).rejects.toThrow(problem);
});
