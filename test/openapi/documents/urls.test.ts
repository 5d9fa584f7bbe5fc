import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { loadDocument } from '../../../lib/openapi/documents/load-document.js';
import { locate, type OpenApiDocument } from '../../../lib/openapi/documents/open-api-document.js';
import { listServerUrls } from '../../../lib/openapi/documents/server-urls.js';
import { DocumentServer } from './document-server.js';

const named = new DocumentServer();
const other = new DocumentServer();
beforeAll(async () => {
  await Promise.all([named.start(), other.start()]);
});
beforeEach(() => {
  named.reset();
  other.reset();
});
afterAll(async () => {
  await Promise.all([named.close(), other.close()]);
});

function createDocument($ref = '#/x'): object {
  return { openapi: '3.1.0', paths: {}, components: { schemas: { It: { $ref } } } };
}

async function load(
  document: string | URL | (() => string | URL | object),
  more: object = {},
): Promise<OpenApiDocument> {
  return await loadDocument({ document, allowOrigins: [named.origin], ...more });
}

async function explain(document: string | URL, more: object = {}): Promise<string> {
  return await load(document, more).then(
    () => 'loaded',
    (error: unknown) => (error as Error).message,
  );
}

function follow(document: OpenApiDocument): unknown {
  try {
    return document.follow(locate(document.root, 'components', 'schemas', 'It')).value;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a document is fetched from an origin that is named', () => {
  test.each([
    ['a text', (url: string) => url],
    ['a URL', (url: string) => new URL(url)],
    ['a function', (url: string) => () => new URL(url)],
    ['a text with a fragment', (url: string) => `${url}#/paths`],
  ])('by %s', async (_what, toSource) => {
    const url = named.serve('/api.json?version=1', createDocument());

    const { root } = await load(toSource(url));

    expect(root.value).toMatchObject({ openapi: '3.1.0' });
    expect(named.headers[0]).not.toHaveProperty('authorization');
    expect(named.headers[0]).not.toHaveProperty('cookie');
  });

  test.each([301, 302, 303, 307, 308])('after a redirect with %i within it', async (status) => {
    named.serve('/v2/api.json', createDocument('order.json'));
    named.serve('/v2/order.json', { title: 'found' });

    const document = await load(named.redirect('/api.json', '/v2/api.json', status));

    expect(follow(document)).toStrictEqual({ title: 'found' });
  });

  test('after a redirect to another one that is named', async () => {
    other.serve('/api.json', createDocument());

    const { root } = await load(named.redirect('/api.json', `${other.origin}/api.json`), {
      allowOrigins: [named.origin, other.origin],
    });

    expect(root.value).toMatchObject({ openapi: '3.1.0' });
  });
});

describe('a document is not fetched', () => {
  test.each([
    ['of an origin that is not named', () => other.serve('/a', {}), 'has an origin that `allowOrigins` does not name'],
    ['of a host of that name on another port', () => named.origin.replace(/\d+$/, '1'), '`allowOrigins` does not name'],
    [
      'of a name for the same address',
      () => named.serve('/a', {}).replace('127.0.0.1', '[::ffff:127.0.0.1]'),
      '`allowOrigins` does not name',
    ],
    ['of an address for metadata', () => 'http://169.254.169.254/latest/meta-data', '`allowOrigins` does not name'],
    ['of a name in the network', () => 'https://metadata.google.internal/api', '`allowOrigins` does not name'],
    ['with credentials', () => named.serve('/a', {}).replace('//', '//user:secret@'), 'has credentials in its URL'],
    ['by ftp', () => 'ftp://example.com/a', 'has the scheme `ftp:`'],
    ['as data', () => 'data:application/json,1', 'has the scheme `data:`'],
    [
      'after a redirect elsewhere',
      () => named.redirect('/a', `${other.origin}/a`),
      'which `allowOrigins` does not name',
    ],
    [
      'after a redirect to metadata',
      () => named.redirect('/a', 'http://169.254.169.254/'),
      'which `allowOrigins` does not name',
    ],
    ['after a redirect to a file', () => named.redirect('/a', 'file:///etc/hostname'), 'has the scheme `file:`'],
    [
      'after a redirect with credentials',
      () => named.redirect('/a', named.origin.replace('//', '//a:b@')),
      'has credentials',
    ],
    ['after a redirect in a circle', () => named.redirect('/a', '/a'), 'redirects more than 5 times'],
    ['after a redirect to nothing', () => named.redirect('/a', 'http://['), 'redirects to something that is no URL'],
    ['that is not there', () => `${named.origin}/none`, 'is answered with status 404'],
  ])('%s', async (_what, toUrl, problem) => {
    const message = await explain(toUrl());

    expect(message).toContain(problem);
    expect(message).not.toContain('secret');
    expect(other.asked).toStrictEqual([]);
  });

  test('by plain http from a host that is not loopback, even of an origin that is named', async () => {
    const message = await explain('http://api.example.com/a', { allowOrigins: ['http://api.example.com'] });

    expect(message).toContain('is plain http on a host that is not loopback. Use https');
  });

  test('when nobody listens', async () => {
    const closed = await new DocumentServer().start();
    const url = closed.serve('/api.json', {});
    const { origin } = closed;
    await closed.close();

    expect(await explain(url, { allowOrigins: [origin] })).toMatch(/cannot be fetched: fetch failed \(.*ECONNREFUSED/);
  });

  test('when it is too large, also after it was unpacked', async () => {
    const packed = gzipSync(JSON.stringify({ openapi: '3.1.0', info: { title: 'a'.repeat(10_000_000) } }));
    named.answers.set('/api.json', (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed));

    expect(packed.byteLength).toBeLessThan(100_000);
    expect(await explain(`${named.origin}/api.json`, { documentLimits: { maxSize: 1_000_000 } })).toContain(
      'is too large, with the files that were read before: `documentLimits.maxSize` is 1000000. Raise it',
    );
  });

  test.each([
    ['answers nothing', () => undefined],
    ['does not end', (response: ServerResponse) => response.write('{')],
  ])('when it %s in time', async (_what, answer) => {
    named.answers.set('/api.json', answer);

    expect(await explain(`${named.origin}/api.json`, { documentLimits: { timeoutMs: 50 } })).toContain(
      'takes too long to read: `documentLimits.timeoutMs` is 50',
    );
  });

  test('and a query, which may be a secret, is told nobody', async () => {
    const message = await explain(`${named.origin}/none?signature=secret`);

    expect(message).toBe(
      `${named.origin}/none: is answered with status 404. Check the address, and whether it takes a sign-in`,
    );
  });
});

test('its relative servers are where it was', async () => {
  const servers = [
    { url: '/v1' },
    { url: 'v2' },
    { url: 'https://{host}/{path}', variables: { host: { default: 'api.example.com' }, path: { default: 7 } } },
    { url: 'http://[' },
    { url: 5 },
    {},
  ];
  const document = await load(named.serve('/docs/api.json', { openapi: '3.1.0', paths: {}, servers }));

  expect(listServerUrls(document)).toStrictEqual([
    `${named.origin}/v1`,
    `${named.origin}/docs/v2`,
    'https://api.example.com/%7Bpath%7D',
    'http://[',
  ]);
});

describe('references of a document that was fetched', () => {
  test('lead to the document itself by another address', async () => {
    const document = { ...createDocument('/alias.json#/x-part'), 'x-part': { title: 'found' } };
    named.redirect('/alias.json', '/api.json');

    const loaded = await load(named.serve('/api.json', document));

    expect(follow(loaded)).toStrictEqual({ title: 'found' });
    expect(named.asked).toStrictEqual(['/api.json', '/alias.json', '/api.json']);
  });

  test('are relative to it', async () => {
    named.serve('/docs/parts/order.json', { $ref: '/shared.json#/Order' });
    named.serve('/shared.json', { Order: { title: 'found' } });

    const document = await load(named.serve('/docs/api.json', createDocument('parts/order.json')));

    expect(follow(document)).toStrictEqual({ title: 'found' });
    expect(named.asked).toStrictEqual(['/docs/api.json', '/docs/parts/order.json', '/shared.json']);
  });

  test.each([
    ['another origin', () => other.serve('/order.json', {}), 'has an origin that `allowOrigins` does not name'],
    [
      'another origin, by a redirect',
      () => named.redirect('/order.json', other.serve('/order.json', {})),
      'which `allowOrigins` does not name',
    ],
    ['metadata', () => 'http://169.254.169.254/latest/meta-data/', 'has an origin that `allowOrigins` does not name'],
    [
      'a host without a scheme',
      () => `//${other.origin.slice(7)}/order.json`,
      'has an origin that `allowOrigins` does not name',
    ],
    ['a file', () => 'file:///etc/hostname', 'is a file, which a document that is no file itself may not name'],
    ['what is not there', () => '/none.json', 'is answered with status 404'],
  ])('to %s cost what refers to them', async (_what, toReference, problem) => {
    const document = await load(named.serve('/api.json', createDocument(toReference())), {
      letReferencesReadAnyFile: true,
    });

    expect(follow(document)).toContain(`which was not read: it `);
    expect(follow(document)).toContain(problem);
    expect(other.asked).toStrictEqual([]);
  });

  test('through a chain end where an origin is not named', async () => {
    named.serve('/order.json', { $ref: other.serve('/secret.json', { title: 'secret' }) });

    const document = await load(named.serve('/api.json', createDocument('order.json')));

    expect(follow(document)).toContain('`allowOrigins` does not name');
    expect(other.asked).toStrictEqual([]);
  });

  test('of an object go to origins that are named', async () => {
    const url = named.serve('/order.json', { title: 'found' });

    expect(follow(await load(() => createDocument(url)))).toStrictEqual({ title: 'found' });
  });
});
