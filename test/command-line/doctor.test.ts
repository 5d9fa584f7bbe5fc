import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { runCommand } from '../../lib/command-line/command.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { keepSecret, overhear } from '../support/secret-watch.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

const SECRET = 'the-secret-in-a-configuration';
keepSecret(SECRET);

const LIBRARY = JSON.stringify(join(process.cwd(), 'lib/index.ts'));

let folder: string;
let issuer: TestIssuer;

beforeAll(async () => {
  // As the command itself does.
  Logger.overrideLogger(new RecordingLogger());
  folder = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(() => issuer.close());

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const code = await runCommand(args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  overhear('console', stdout, stderr);
  return { code, stdout, stderr };
}

let files = 0;

/** A module of the user's, which nobody has loaded before. */
async function file(text: string): Promise<string> {
  files += 1;
  const path = join(folder, `options-${files}.mjs`);
  await writeFile(path, `import { clientSecretBasic, McpTool } from ${LIBRARY};\n${text}`);
  return path;
}

const options = (rest = '') =>
  `{ server: { name: 'x', version: '1' }, resource: 'https://mcp.example/mcp', issuers: [{ issuer: '${issuer.issuer}' }], ${rest} }`;

const exchanging = (name: string) =>
  `client: { id: 'mcp', authentication: clientSecretBasic('${SECRET}') }, downstreams: { ${name}: { baseUrl: 'https://orders.example', audience: 'orders' } }`;

const codes = ({ stdout }: { stdout: string }) =>
  (JSON.parse(stdout) as { findings: { code: string; subject: string }[] }).findings.map(
    ({ code, subject }) => `${code} ${subject}`,
  );

describe('nestjs-mcp-auth doctor <url>', () => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer();
  });
  afterAll(() => server.close());

  test('finds nothing wrong with a healthy server', async () => {
    const { code, stdout, stderr } = await run('doctor', server.resource);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^INFO client_registration_not_advertised\n {2}http.*\n {2}\S.*\n {2}Fix: \S.*\n/);
    expect(stdout).toMatch(/\n\nerrors: 0, warnings: 0, notes: 1\n$/);
  });

  test('fails for errors, which come first', async () => {
    server.issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      sendJson(response, 200, { ...server.issuer.metadata(), code_challenge_methods_supported: ['plain'] });
    });
    const { code, stdout } = await run('doctor', server.resource);
    server.issuer.answers.clear();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ERROR pkce_not_advertised\n[^]*\nINFO client_registration/);
  });

  test('prints JSON where it is asked to', async () => {
    const { code, stdout } = await run('doctor', '--json', server.resource);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      findings: [
        {
          code: 'client_registration_not_advertised',
          severity: 'info',
          subject: server.issuer.issuer,
          message: expect.stringMatching(/\S/),
          fix: expect.stringMatching(/\S/),
        },
      ],
    });
  });
});

describe('nestjs-mcp-auth doctor --config <file>', () => {
  test.each<[string, (text: string) => string]>([
    ['by default', (text) => `export default ${text};`],
    ['as `options`', (text) => `export const options = ${text};`],
    ['as `mcpAuthOptions`', (text) => `export const mcpAuthOptions = ${text};`],
    ['by a function', (text) => `export default () => (${text});`],
    ['by an asynchronous function', (text) => `export const options = async () => (${text});`],
    ['as CommonJS that was compiled', (text) => `export default { default: ${text} };`],
  ])('takes options that are exported %s', async (_name, exported) => {
    const result = await run('doctor', '--config', await file(exported(options())));
    expect(result).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('errors: 0, warnings: 0') });
  });

  test('looks at the issuers, too', async () => {
    const path = await file(`export default ${options()};`);
    issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 500, {});
    });
    const result = await run('doctor', '--json', '--config', path);
    expect(result.code).toBe(1);
    expect(codes(result)).toContain(`keys_unusable ${issuer.issuer}`);
  });

  test('looks over the documents of classes and of McpOpenApiModule.forFeature', async () => {
    const document = (paths: object) =>
      JSON.stringify({ openapi: '3.1.0', info: { title: 'Orders', version: '1' }, paths });
    const lost = document({ '/a': { get: { responses: {}, security: [{ none: [] }] }, post: { responses: {} } } });
    const path = await file(`
      import { McpOpenApi, McpOpenApiModule, McpOperation } from ${LIBRARY};
      export default ${options(exchanging('orders'))};
      class Orders { read() {} }
      McpOperation('nothing')(Orders.prototype, 'read', Object.getOwnPropertyDescriptor(Orders.prototype, 'read'));
      McpOpenApi({ downstream: 'orders', document: ${document({})} })(Orders);
      class Broken {}
      McpOpenApi({ downstream: 'orders', document: './missing.yaml' })(Broken);
      class Wrong {}
      McpOpenApi({ downstream: 'orders', document: ${document({})}, maxTools: 0 })(Wrong);
      export const tools = [
        Orders,
        Broken,
        Wrong,
        McpOpenApiModule.forFeature([{ downstream: 'orders', document: ${lost}, include: ['GET /**', 'POST /**', 'typo'], strict: true }]),
      ];`);
    const { stdout } = await run('doctor', '--json', '--config', path);
    const { findings } = JSON.parse(stdout) as { findings: { code: string; subject: string; message: string }[] };

    expect(
      findings
        .filter(({ code }) => code === 'invalid_configuration' || code.startsWith('operations_'))
        .map(({ code, subject, message }) => `${code} ${subject}: ${message}`),
    ).toEqual([
      'invalid_configuration include: @McpOperation on Orders.read names "nothing", which no document of the class offers.',
      'invalid_configuration document: `document` of @McpOpenApi on Broken: missing.yaml: does not exist.',
      'invalid_configuration maxTools: @McpOpenApi on Wrong: `maxTools` has to be a positive number of tools.',
      'invalid_configuration include: `include` of options[0] of McpOpenApiModule.forFeature has "typo", which is no operation of the document.',
      'invalid_configuration strict: `strict` of options[0] of McpOpenApiModule.forFeature: GET /a cannot be offered: document#/paths/~1a/get/security/0: names "none", which `components.securitySchemes` does not have.',
      'operations_without_scopes options[0] of McpOpenApiModule.forFeature: Any valid token is enough for an operation: POST /a.',
      'operations_left_out options[0] of McpOpenApiModule.forFeature: It cannot offer all that is chosen: GET /a (document#/paths/~1a/get/security/0: names "none", which `components.securitySchemes` does not have. Add it there).',
    ]);
  });

  test('finds what stops the boot', async () => {
    const result = await run(
      'doctor',
      '--json',
      '--config',
      await file(`export default ${options('list: "all", scopes: { challenge: "x" }')};`),
    );
    expect(result.code).toBe(1);
    expect((JSON.parse(result.stdout) as { findings: object[] }).findings).toEqual(
      expect.arrayContaining([
        {
          code: 'invalid_configuration',
          severity: 'error',
          subject: 'list',
          message: '`list` is not an option.',
          fix: 'Check its spelling, or remove it.',
        },
        expect.objectContaining({ code: 'invalid_configuration', subject: 'scopes.challenge' }),
      ]),
    );
  });

  test('finds what stops the module with the options itself', async () => {
    const result = await run(
      'doctor',
      '--json',
      '--config',
      await file(`export default { x: clientSecretBasic('') };`),
    );
    expect(result.code).toBe(1);
    expect(codes(result)).toEqual([expect.stringMatching(/^invalid_configuration /)]);
  });

  test('looks the OpenAPI documents of exported classes over', async () => {
    const operations = `
      get: { operationId: 'list', responses: {}, security: [{ none: [] }] },
      post: { operationId: 'create', responses: {} }`;
    const document = `{ openapi: '3.1.0', info: { title: 'x', version: '1' }, servers: [{ url: 'https://orders.example/v2' }], paths: { '/a': { ${operations} } } }`;
    const tools = `
      import { McpOpenApi } from ${LIBRARY};
      class Api {}
      McpOpenApi({ downstream: 'orders', document: ${document}, include: ['list', 'create'] })(Api);
      class Faulty {}
      McpOpenApi({ downstream: 'orders', document: ${document}, include: 'lst' })(Faulty);
      export const tools = [Api, Faulty];`;
    const result = await run(
      'doctor',
      '--json',
      '--config',
      await file(`${tools} export default ${options(exchanging('orders'))};`),
    );
    expect(codes(result)).toEqual(
      expect.arrayContaining([
        'operations_left_out @McpOpenApi on Api',
        'operations_without_scopes @McpOpenApi on Api',
        'server_url_mismatch @McpOpenApi on Api',
        'invalid_configuration include',
      ]),
    );
    expect(codes(result).join()).not.toContain('downstream_unused');
    expect(result.code).toBe(1);
  });

  test('finds downstreams that no tool uses, and those that none has, where tools are exported', async () => {
    const tools = `
      class Tools { find() {} other() {} }
      McpTool({ description: 'x', scopes: ['orders:read'], downstream: ['billing'] })(Tools.prototype, 'find', Object.getOwnPropertyDescriptor(Tools.prototype, 'find'));
      export const tools = [Tools];`;
    const result = await run(
      'doctor',
      '--json',
      '--config',
      await file(`${tools} export default ${options(exchanging('orders'))};`),
    );
    expect(result.code).toBe(1);
    expect(codes(result)).toEqual(
      expect.arrayContaining([
        'downstream_unused downstreams.orders',
        'downstream_not_declared @McpTool Tools.find',
        `scopes_not_advertised ${issuer.issuer}`,
      ]),
    );
  });

  test('does not guess at tools', async () => {
    const result = await run(
      'doctor',
      '--json',
      '--config',
      await file(`export default ${options(exchanging('orders'))};`),
    );
    expect(codes(result)).toEqual([`client_registration_not_advertised ${issuer.issuer}`]);
  });

  test.each<[string, string, RegExp]>([
    ['no options', 'export const other = 1;', /^nestjs-mcp-auth: The module exports no options\. Export them/],
    ['options that cannot be made', 'export default () => { throw new Error("no vault"); };', /no vault/],
  ])('cannot run with %s', async (_name, text, message) => {
    const result = await run('doctor', '--config', await file(text));
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });

  test('cannot run without the file', async () => {
    const result = await run('doctor', '--config', join(folder, 'none.mjs'));
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('none.mjs') });
  });
});

describe('nestjs-mcp-auth', () => {
  test('tells how it is used', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage:\n/), stderr: '' });
  });

  test.each([
    [[]],
    [['doctor']],
    [['nurse', 'https://mcp.example']],
    [['doctor', 'https://mcp.example', 'https://mcp.example']],
    [['doctor', 'https://mcp.example', '--config', 'x.mjs']],
  ])('does not take %j', async (args) => {
    expect(await run(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^Usage:\n/) });
  });

  test('does not take options that it does not know', async () => {
    expect(await run('doctor', '--verbose')).toMatchObject({ code: 2, stderr: expect.stringContaining('--verbose') });
  });
});
