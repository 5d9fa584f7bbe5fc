import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { TestIssuer } from 'nestjs-mcp-auth/testing';
import { message, post } from '../../support/mcp-request.js';
import { ENVIRONMENT_OF_A_PROJECT } from '../../support/node-release.js';
import { pack } from '../tarball.js';
import { NewProject, type Started } from './new-project.js';
import { startRegistry, type RegistryStandIn } from './registry-stand-in.js';

jest.setTimeout(900_000);

let folder: string;
let registry: RegistryStandIn;
let issuer: TestIssuer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'new-projects-'));
  const { path } = await pack(folder);
  const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry'], { env: ENVIRONMENT_OF_A_PROJECT });
  registry = await startRegistry(path, stdout.trim());
  issuer = await TestIssuer.start({ path: '/realms/acme' });
});

afterAll(async () => {
  await Promise.all([registry.close(), issuer.close()]);
  await rm(folder, { recursive: true, force: true });
});

interface Kind {
  readonly nest: number;
  readonly provider: string;
  readonly platform: string;
  /** Values for `.env`, besides those that it comes with. */
  readonly environment: () => Readonly<Record<string, string>>;
  readonly authorizationServer: () => string;
  /** What a token of the issuer of this test is answered with. */
  readonly status: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  'Nest 11, CommonJS, Express, Keycloak': {
    nest: 11,
    provider: 'keycloak',
    platform: 'express',
    environment: () => ({ KEYCLOAK_URL: issuer.origin }),
    authorizationServer: () => issuer.issuer,
    status: 200,
  },
  'Nest 12, ES modules, Fastify, Entra ID': {
    nest: 12,
    provider: 'entra',
    platform: 'fastify',
    environment: () => ({}),
    authorizationServer: () => 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0',
    status: 401,
  },
};

describe.each(Object.keys(KINDS))('%s', (name) => {
  const kind = KINDS[name] as Kind;
  let project: NewProject;
  let written: ReadonlyMap<string, string>;

  beforeAll(async () => {
    project = await NewProject.create(folder, kind.nest, registry.url);
    const { provider, platform } = kind;
    await project.run('npx', 'nest', 'add', 'nestjs-mcp-auth', '--provider', provider, '--platform', platform);
    for (const generator of ['tool', 'resource', 'prompt'])
      await project.run('npx', 'nest', 'g', '-c', 'nestjs-mcp-auth', generator, 'orders');
    await cp('docs/get-started/parcels.openapi.yaml', join(project.path, 'orders.openapi.yaml'));
    // The CLI of Nest passes no option for the document on.
    await project.run('npx', 'schematics', 'nestjs-mcp-auth:openapi', 'orders', '--document=./orders.openapi.yaml');
    written = await project.read('src');
  });

  test('has what the commands write', () => {
    expect([...written.keys()]).toEqual(
      expect.arrayContaining([
        'src/mcp/mcp.module.ts',
        'src/orders/orders.tools.spec.ts',
        'src/orders/orders.resources.spec.ts',
        'src/orders/orders.prompts.spec.ts',
        'src/orders/orders.api.ts',
      ]),
    );
    expect(written.get('src/app.module.ts')).toMatch(
      /OrdersTools[^]*OrdersResources[^]*OrdersPrompts[^]*OrdersApi[^]*\]/,
    );
  });

  test('is built', async () => {
    await project.run('npm', 'run', 'build');
  });

  test('passes its own tests', async () => {
    expect(await project.run('npm', 'test')).toMatch(/(Test Suites:|Test Files) +6 passed/);
    expect(await project.run('npm', 'run', 'test:e2e')).toMatch(/Tests:? +1 passed/);
  });

  test('has the style of the project, and passes its lint', async () => {
    await project.run('npm', 'run', 'lint');
    expect(await project.read('src')).toEqual(written);
  });

  describe('when it is started', () => {
    let application: Started;

    beforeAll(async () => {
      await project.setVariables(kind.environment());
      application = await project.start();
    });

    test('asks for a token', async () => {
      const { status, headers } = await post(`${application.origin}/mcp`, message('tools/list'));
      expect(status).toBe(401);
      const metadata = `${application.origin}/.well-known/oauth-protected-resource/mcp`;
      expect(headers.get('www-authenticate')).toContain(`resource_metadata="${metadata}"`);
      expect(await (await fetch(metadata)).json()).toMatchObject({
        resource: `${application.origin}/mcp`,
        authorization_servers: [kind.authorizationServer()],
      });
    });

    test('takes tokens of its identity provider, and no others', async () => {
      const resource = `${application.origin}/mcp`;
      const token = await issuer.token({ aud: resource, scope: 'items:read orders:read' });
      const response = await post(resource, message('tools/list'), { token });
      expect(response.status).toBe(kind.status);
      const names = [...(await response.text()).matchAll(/"name":"(find_\w+|\w+Parcels)"/g)].map(([, tool]) => tool);
      expect(names.toSorted()).toEqual(kind.status === 200 ? ['find_items', 'find_orders', 'listParcels'] : []);
    });

    test('stops by a signal', async () => {
      expect((await application.stop()).log).toContain('Nest application successfully started');
    });
  });
});
