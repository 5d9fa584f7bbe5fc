import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadDocument } from '../../../lib/openapi/documents/load-document.js';
import { locate, OpenApiDocument } from '../../../lib/openapi/documents/open-api-document.js';
import { createFolder, type TemporaryFolder } from './temporary-files.js';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await createFolder();
});
afterEach(() => folder.remove());

/** What the reference under `components.schemas.It` means in the end; the message if it means nothing. */
function follow(document: OpenApiDocument): unknown {
  try {
    return document.follow(locate(document.root, 'components', 'schemas', 'It')).value;
  } catch (error) {
    return (error as Error).message;
  }
}

function createDocument($ref: string, more: object = {}): object {
  return { openapi: '3.1.0', paths: {}, ...more, components: { schemas: { It: { $ref } } } };
}

describe('references to files', () => {
  test.each([
    ['orders.yaml#/Order', 'orders.yaml', 'Order: { title: found }'],
    ['./orders.yaml#/Order', 'orders.yaml', 'Order: { title: found }'],
    ['parts/order.json', 'parts/order.json', '{ "title": "found" }'],
    ['parts/order.json#', 'parts/order.json', '{ "title": "found" }'],
    ['parts/../order.json', 'order.json', '{ "title": "found" }'],
    ['my%20orders.json', 'my orders.json', '{ "title": "found" }'],
    ['my orders.json', 'my orders.json', '{ "title": "found" }'],
    ['orders.json#/a~1b%20%7Bc%7D', 'orders.json', '{ "a/b {c}": { "title": "found" } }'],
    ['orders.json#/100%', 'orders.json', '{ "100%": { "title": "found" } }'],
    ['orders.json#/a%2Fb', 'orders.json', '{ "a": { "b": { "title": "found" } } }'],
    ['orders.json#/a%2Fb', 'orders.json', '{ "a": { "b": { "$ref": "#/c" } }, "c": { "title": "found" } }'],
    ['orders.json#/list/1', 'orders.json', '{ "list": [0, { "title": "found" }] }'],
    ['orders.json#order', 'orders.json', '{ "a": { "$anchor": "order", "title": "found" } }'],
  ])('%s', async ($ref, file, content) => {
    await folder.write(file, content);
    const document = await folder.write('api.json', createDocument($ref));

    expect(follow(await loadDocument({ document }))).toMatchObject({ title: 'found' });
  });

  test('are followed from file to file, each from its own directory', async () => {
    await folder.write('a/one.yaml', 'One: { $ref: "../b/two.yaml#/Two" }');
    await folder.write('b/two.yaml', 'Two: { $ref: "three.yaml" }');
    await folder.write('b/three.yaml', 'title: found');
    const document = await folder.write('api.json', createDocument('a/one.yaml#/One'));

    expect(follow(await loadDocument({ document }))).toStrictEqual({ title: 'found' });
  });

  test.each([
    ['leads in a circle', 'one.json', '{ "$ref": "one.json" }', 'its `$ref` leads in a circle'],
    ['names a place that is not there', 'one.json#/b', '{ "a": 1 }', '`$ref` "one.json#/b" leads nowhere'],
    ['names no place in a list', 'one.json#/list/01', '{ "list": [1, 2] }', '`$ref` "one.json#/list/01" leads nowhere'],
    ['names an anchor that is not there', 'one.json#b', '{ "a": 1 }', '`$ref` "one.json#b" leads nowhere'],
    ['names no file', 'two.json', '{}', 'two.json, which was not read: it does not exist'],
    ['names a directory', '.', '{}', ', which was not read: it is a directory'],
    ['names a file that is broken', 'one.json', '{', 'one.json, which was not read: it is neither JSON nor YAML'],
    ['names a file of another machine', 'file://server/share/one.json', '{}', 'it is a file of another machine'],
    ['names another scheme', 'ftp://example.com/one.json', '{}', 'it has the scheme `ftp:`'],
    ['names a URL', 'https://example.com/a.json', '{}', 'that `allowOrigins` does not name. Add "https://example.com"'],
  ])('one that %s costs what refers to it', async (_what, $ref, content, problem) => {
    await folder.write('one.json', content);
    const document = await folder.write('api.json', createDocument($ref, { 'x-good': true }));

    const loaded = await loadDocument({ document });

    expect(loaded.root.value['x-good']).toBe(true);
    expect(follow(loaded)).toContain(problem);
  });

  describe('outside of the directory of the document', () => {
    const secret = { title: 'secret' };
    const refused = 'it is outside of the directory of the document. Move it there, or set `letReferencesReadAnyFile`';

    test.each([
      ['above', () => '../secret.json'],
      ['above, encoded', () => '%2e%2e/secret.json'],
      ['above, with a detour', () => 'parts/../../secret.json'],
      ['by its whole path', () => pathToFileURL(join(folder.path, 'secret.json')).href],
      ['behind a link', () => 'link.json'],
      ['behind a linked directory', () => 'parent/secret.json'],
      ['in a directory whose name begins alike', () => '../api-secret/secret.json'],
    ])('%s, they are not read', async (_what, $ref) => {
      await folder.write('secret.json', secret);
      await folder.write('api-secret/secret.json', secret);
      const document = await folder.write('api/api.json', createDocument($ref()));
      await folder.write('api/parts/none.json', {});
      await symlink(join(folder.path, 'secret.json'), join(folder.path, 'api/link.json'));
      await symlink(folder.path, join(folder.path, 'api/parent'));

      expect(follow(await loadDocument({ document }))).toContain(refused);
      expect(follow(await loadDocument({ document, letReferencesReadAnyFile: true }))).toStrictEqual(secret);
    });

    test('they are read from a directory that is a link itself', async () => {
      await folder.write('real/order.json', { title: 'found' });
      await folder.write('real/api.json', createDocument('order.json'));
      await symlink(join(folder.path, 'real'), join(folder.path, 'current'));

      const loaded = await loadDocument({ document: join(folder.path, 'current/api.json') });

      expect(follow(loaded)).toStrictEqual({ title: 'found' });
    });
  });

  test.each([
    ['order.json', 'is relative, and a document that is an object is in no directory'],
    ['file:///etc/hostname', 'is a file, which a document that is no file itself may not name'],
  ])('%s of a document that is an object is not read', async ($ref, problem) => {
    const document = createDocument($ref) as Record<string, unknown>;

    expect(follow(await loadDocument({ document, letReferencesReadAnyFile: true }))).toContain(problem);
  });
});

describe('references to parts with an own URI', () => {
  const parts = {
    'x-parts': { order: { $id: 'https://example.com/schemas/order', $defs: { id: { title: 'found' } } } },
  };

  test.each([
    ['an `$id`', 'https://example.com/schemas/order#/$defs/id', parts],
    ['an `$anchor`', '#order', { 'x-parts': { $anchor: 'order', title: 'found' } }],
    ['a `$dynamicAnchor`', '#order', { 'x-parts': { $dynamicAnchor: 'order', title: 'found' } }],
    [
      'an `$anchor` of an `$id`',
      'https://example.com/order#id',
      { 'x-parts': { $id: 'https://example.com/order', a: { $anchor: 'id', title: 'found' } } },
    ],
    [
      'an `$id` that is relative to another one',
      'https://example.com/schemas/id',
      { 'x-parts': { $id: 'https://example.com/schemas/order', a: { $id: 'id', title: 'found' } } },
    ],
    [
      'the `$self` of the document',
      'https://example.com/api#/x-it',
      { $self: 'https://example.com/api', 'x-it': { title: 'found' } },
    ],
    ['a path relative to `$self`', 'api#/x-it', { $self: 'https://example.com/api', 'x-it': { title: 'found' } }],
  ])('by %s', async (_what, $ref, more) => {
    const loaded = await loadDocument({ document: createDocument($ref, more) as Record<string, unknown> });

    expect(follow(loaded)).toMatchObject({ title: 'found' });
  });

  test('are relative to the part that they are in', async () => {
    const document = createDocument('#/x-parts', {
      'x-parts': { $id: 'https://example.com/a', $ref: '#/$defs/id', $defs: { id: { title: 'found' } } },
    });

    const loaded = await loadDocument({ document: document as Record<string, unknown> });

    expect(follow(loaded)).toStrictEqual({ title: 'found' });
  });

  test('go to files beside the document, too, whatever URI it says of itself', async () => {
    await folder.write('order.json', { title: 'found' });
    const document = await folder.write('api.json', createDocument('order.json', { $self: 'https://example.com/api' }));

    expect(follow(await loadDocument({ document }))).toStrictEqual({ title: 'found' });
  });

  test('go to a file by the URI that it says of itself', async () => {
    await folder.write('order.json', { $id: 'https://example.com/order', title: 'found' });
    const more = { 'x-other': { $ref: 'order.json' } };
    const document = await folder.write('api.json', createDocument('https://example.com/order', more));

    expect(follow(await loadDocument({ document }))).toMatchObject({ title: 'found' });
  });
});

test.each(['http://[', 'orders.json'])('an `$id` that is no URI here, such as %s, names nothing', async ($id) => {
  const part = { $id, title: 'found' };
  const document = { ...createDocument('#/x-part'), 'x-part': part };

  expect(follow(await loadDocument({ document }))).toStrictEqual(part);
});

test('a file that was not given is named', () => {
  const document = new OpenApiDocument('api.json', new Map([['api.json', createDocument('other.json#/A')]]));

  expect(follow(document)).toBe('api.json#/components/schemas/It: `$ref` names other.json, which was not read');
});
