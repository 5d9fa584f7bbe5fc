import { expect, test } from '@jest/globals';
import { Injectable, type Provider } from '@nestjs/common';
import { McpAuthModule, McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { send } from '../proof/send.js';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { optionsFor } from '../support/module-options.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startApplication } from '../support/test-application.js';
import { startProtectedServer } from '../support/protected-server.js';
import { challengeOf, parseChallenge } from './challenge-parameters.js';

@Injectable()
class OrderTools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    return 'found';
  }
}

@Injectable()
class PlainTools {
  @McpTool({ description: 'x' })
  find(): string {
    return 'found';
  }
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const ISSUER = 'https://id.example';

/** What is at the address of a server's metadata, and what its challenge says of it. */
async function metadataOf(
  path: string,
  options: Partial<McpAuthModuleOptions> = {},
  providers: Provider[] = [OrderTools],
) {
  const application = await startApplication({
    imports: (origin) => [
      McpAuthModule.forRoot(optionsFor(origin, ISSUER, { resource: `${origin}${path}`, ...options })),
    ],
    providers,
  });
  const { origin } = application;
  const resource = `${origin}${path}`;
  const response = await fetch(`${origin}${WELL_KNOWN}${path === '/' ? '' : path}`);
  const document = (await response.json()) as Record<string, unknown>;
  const address = challengeOf(await post(resource, toolCall('find'))).resource_metadata ?? '';
  const found = (await (await fetch(address)).json()) as Record<string, unknown>;
  await application.close();
  return { origin, resource, response, document, address, found };
}

const PATHS = ['', '/', '/mcp', '/tenants/a/mcp'];

test('RFC 9728 section 3: the document MUST be where the well-known part stands between host and path', async () => {
  for (const path of PATHS) {
    const { response, document, resource } = await metadataOf(path);
    expect([path, response.status, document.resource]).toEqual([path, 200, resource]);
  }
});

test('RFC 9728 section 3.1: a slash behind the host MUST be removed before the well-known part is put in', async () => {
  for (const path of PATHS) {
    const { address, origin } = await metadataOf(path);
    expect(address).toBe(`${origin}${WELL_KNOWN}${path === '/' ? '' : path}`);
  }
});

test('RFC 9728 section 3.2: MUST answer with 200 and a JSON object as application/json', async () => {
  const { response, document } = await metadataOf('/mcp');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')?.split(';')[0]).toBe('application/json');
  expect(Object.keys(document)).toEqual(expect.arrayContaining(['resource', 'authorization_servers']));
});

test('RFC 9728 section 3.2: parameters without a value MUST be omitted', async () => {
  const { document } = await metadataOf('/mcp', {}, [PlainTools]);
  expect(document).not.toHaveProperty('scopes_supported');
  const full = await metadataOf('/mcp', { proof: { dpop: {}, mutualTls: { certificate: 'socket' } } });
  for (const value of [document, full.document].flatMap((one) => Object.values(one)))
    expect([undefined, null, '[]', '""', '{}']).not.toContain(value === null ? value : JSON.stringify(value));
});

test('RFC 9728 section 3.3: resource MUST be the identifier that the address was made of', async () => {
  for (const path of ['/mcp', '/tenants/a/mcp']) {
    const { document, origin } = await metadataOf(path);
    expect(document.resource).toBe(`${origin}${path}`);
  }
});

test('RFC 9728 section 3.3: resource MUST be the URL of the request that was challenged', async () => {
  for (const path of PATHS) {
    const { found, resource } = await metadataOf(path);
    expect(found.resource).toBe(resource);
  }
});

test('RFC 9728 section 2: RECOMMENDED: scopes_supported and resource_name are there', async () => {
  const server = { name: 'orders', version: '1.0.0', title: 'Orders of Acme' };
  expect((await metadataOf('/mcp', { server })).document).toMatchObject({
    scopes_supported: ['orders:read'],
    resource_name: 'Orders of Acme',
  });
  expect((await metadataOf('/mcp')).document.resource_name).toBe('test');
});

test('RFC 9728 section 2: signing with none MUST NOT be offered', async () => {
  const { document } = await metadataOf('/mcp', { proof: { dpop: {} } });
  expect(document).not.toHaveProperty('resource_signing_alg_values_supported');
  expect(document.dpop_signing_alg_values_supported).not.toContain('none');
});

test('RFC 9728 section 5.1: MAY name the metadata under the scheme DPoP too', async () => {
  const server = await startProtectedServer({
    providers: [OrderTools],
    options: { proof: { dpop: { required: true } } },
  });
  const { scheme, resource_metadata } = challengeOf(await post(server.resource, toolCall('find')));
  expect([scheme, resource_metadata]).toEqual(['DPoP', `${server.origin}${WELL_KNOWN}/mcp`]);
  await server.close();
});

test('RFC 9728 section 7.1: MUST support TLS', async () => {
  const server = await startProtectedServer({ providers: [OrderTools], tls: selfSignedCertificate() });
  const { headers } = await send(server.resource, { body: toolCall('find') });
  const { resource_metadata = '' } = parseChallenge(headers['www-authenticate'] ?? '');
  expect(resource_metadata).toBe(`${server.origin}${WELL_KNOWN}/mcp`);
  expect(resource_metadata).toMatch(/^https:/);
  const { status, text } = await send(resource_metadata, { method: 'GET' });
  expect([status, (JSON.parse(text) as { resource: string }).resource]).toEqual([200, server.resource]);
  await server.close();
});
