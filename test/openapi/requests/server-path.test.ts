import { describe, expect, test } from '@jest/globals';
import { OpenApiDocument } from '../../../lib/openapi/documents/open-api-document.js';
import { listOperations } from '../../../lib/openapi/operations/list-operations.js';
import { findServerPath } from '../../../lib/openapi/requests/server-path.js';

interface Written {
  readonly document?: unknown;
  readonly path?: unknown;
  readonly operation?: unknown;
  readonly file?: string;
}

function find({ document, path, operation, file = 'document' }: Written, baseUrl: string): string {
  const value = {
    openapi: '3.1.0',
    servers: document,
    paths: { '/x': { servers: path, get: { servers: operation } } },
  };
  const own = new OpenApiDocument(file, new Map([[file, value]]));
  const [one] = listOperations(own).operations;
  return one ? findServerPath(own, one, new URL(baseUrl)) : 'none';
}

const server = (url: string, variables?: object) => [{ url, ...(variables && { variables }) }];

describe('the path of a server', () => {
  test.each<[string, Written, string, string]>([
    ['is kept if it is relative', { document: server('/v1') }, 'https://a.example/', '/v1'],
    ['ends without a slash', { document: server('/api/v1/') }, 'https://a.example/shop/', '/api/v1'],
    ['is not there twice', { document: server('/v1') }, 'https://a.example/shop/v1/', ''],
    ['is none at the root', { document: server('/') }, 'https://a.example/v1', ''],
    ['is none without servers', {}, 'https://a.example/v1', ''],
    ['decides nothing if it is absolute', { document: server('https://b.example/v2') }, 'https://a.example/v1', ''],
    ['decides nothing if it has a host', { document: server('//b.example/v2') }, 'https://a.example/v1', ''],
    ['is none if it cannot be read', { document: server(String.raw`\\[`) }, 'https://a.example/v1', ''],
    ['is none where servers are no list', { document: { url: '/v1' } }, 'https://a.example/v2', ''],
    ['is not that of an empty list', { document: server('/a'), operation: [] }, 'https://a.example', '/a'],
    ['cannot climb', { document: server('/../../v2') }, 'https://a.example/v1', '/v2'],
    ['of the operation comes first', { document: server('/a'), operation: server('/b') }, 'https://a.example', '/b'],
    ['of the path comes second', { document: server('/a'), path: server('/c') }, 'https://a.example', '/c'],
    ['has its variables', { document: server('/{v}', { v: { default: 'v3' } }) }, 'https://a.example', '/v3'],
    [
      'is beside its document',
      { document: server('v1'), file: 'https://b.example/x/api.json' },
      'https://a.example',
      '/x/v1',
    ],
  ])('%s', (_what, written, baseUrl, path) => {
    expect(find(written, baseUrl)).toBe(path);
  });
});
