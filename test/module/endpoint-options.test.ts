import { expect, test } from '@jest/globals';
import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { resolveOptions } from '../../lib/configuration/resolve-options.js';
import { optionsFor } from '../support/module-options.js';

function resolve(endpoint: McpAuthModuleOptions['endpoint']) {
  return resolveOptions(
    optionsFor('https://gw.example.com', 'https://id.example.com', {
      resource: 'https://gw.example.com/orders/mcp',
      endpoint,
    } as Partial<McpAuthModuleOptions>),
  );
}

test.each<[string, McpAuthModuleOptions['endpoint'], RegExp]>([
  ['a path without a slash before it', { path: 'mcp' }, /`endpoint.path` is not a path that can be mounted/],
  ['a path with a slash at its end', { path: '/mcp/' }, /`endpoint.path` is not a path that can be mounted/],
  ['a path with a pattern', { path: '/:tenant/mcp' }, /`endpoint.path` is not a path that can be mounted/],
  ['a path that climbs', { path: '/a/../mcp' }, /`endpoint.path` is not a path that can be mounted/],
  ['an empty path', { path: '' }, /`endpoint.path` is empty/],
  ['a document that is no URL', { metadataUrl: '/metadata' }, /`endpoint.metadataUrl` is not an absolute URL/],
  [
    'a document on plain http',
    { metadataUrl: 'http://gw.example.com/metadata' },
    /`endpoint.metadataUrl` is plain http on a host/,
  ],
  [
    'a document of another host',
    { metadataUrl: 'https://other.example.com/metadata' },
    /`endpoint.metadataUrl` has another origin than `resource`/,
  ],
  [
    'a document at a path with a pattern',
    { metadataUrl: 'https://gw.example.com/:x' },
    /`endpoint.metadataUrl` is not a path that can be mounted/,
  ],
])('%s stops the boot', (_name, endpoint, message) => {
  expect(() => resolve(endpoint)).toThrow(message);
});

test('the path of requests is not the URI of the server', () => {
  const { resource, resourceMetadataUrl, endpoint, issuers } = resolve({ path: '/mcp' });
  expect(resource).toBe('https://gw.example.com/orders/mcp');
  expect(issuers[0]?.audiences).toEqual(['https://gw.example.com/orders/mcp']);
  expect(resourceMetadataUrl).toBe('https://gw.example.com/.well-known/oauth-protected-resource/orders/mcp');
  expect(endpoint).toMatchObject({
    path: '/mcp',
    metadataPaths: ['/.well-known/oauth-protected-resource/orders/mcp', '/.well-known/oauth-protected-resource/mcp'],
  });
});
