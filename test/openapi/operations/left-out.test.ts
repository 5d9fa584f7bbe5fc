import { describe, expect, test } from '@jest/globals';
import { documentOf, offer } from './offered-tools.js';

const sound = { operationId: 'sound', responses: {} };

/** What is wrong with an operation, or with its path, and what the log says of it. */
const FAULTS: readonly (readonly [what: string, paths: Record<string, unknown>, line: string])[] = [
  [
    'a scheme that is not there',
    { '/a': { get: { security: [{ oauht: ['a'] }] } } },
    'GET /a: document#/paths/~1a/get/security/0: names "oauht", which `components.securitySchemes` does not have. Add it there.',
  ],
  [
    'a scheme of no known type',
    { '/a': { get: { security: [{ odd: [] }] } } },
    'GET /a: document#/components/securitySchemes/odd: has the type "secret", which no security scheme has. Use oauth2, openIdConnect, http, apiKey or mutualTLS.',
  ],
  [
    'a scheme whose reference leads nowhere',
    { '/a': { get: { security: [{ lost: [] }] } } },
    'GET /a: document#/components/securitySchemes/lost: `$ref` "#/components/securitySchemes/none" leads nowhere.',
  ],
  [
    'security that is no list',
    { '/a': { get: { security: 'oauth' } } },
    'GET /a: document#/paths/~1a/get/security: is no list.',
  ],
  [
    'security that is empty',
    { '/a': { get: { security: null } } },
    'GET /a: document#/paths/~1a/get/security: is no list.',
  ],
  [
    'a requirement that is no object',
    { '/a': { get: { security: ['oauth'] } } },
    'GET /a: document#/paths/~1a/get/security/0: is not a Security Requirement Object.',
  ],
  [
    'scopes that are no list',
    { '/a': { get: { security: [{ oauth: null }] } } },
    'GET /a: document#/paths/~1a/get/security/0/oauth: is no list of scopes. Write one, which may be empty.',
  ],
  [
    'a scope that is none',
    { '/a': { get: { security: [{ oauth: ['"a"'] }] } } },
    'GET /a: document#/paths/~1a/get/security/0/oauth: has ""a"", which is not a scope token',
  ],
  [
    'a parameter that is not there',
    { '/a': { get: { parameters: [{ $ref: '#/components/parameters/none' }] } } },
    'GET /a: document#/paths/~1a/get/parameters/0: `$ref` "#/components/parameters/none" leads nowhere.',
  ],
  [
    'a schema that is not there',
    { '/a': { get: { parameters: [{ name: 'p', in: 'query', schema: { $ref: '#/components/schemas/None' } }] } } },
    'GET /a: document#/paths/~1a/get/parameters/0/schema: `$ref` "#/components/schemas/None" leads nowhere.',
  ],
  [
    'an operation that is none',
    { '/a': { get: 'list' } },
    'GET /a: document#/paths/~1a/get: is not an Operation Object.',
  ],
  ['a path that is none', { '/a': 'list' }, 'leaves out /a: document#/paths/~1a: is not a Path Item Object.'],
  [
    'a path whose reference leads nowhere',
    { '/a': { $ref: '#/components/pathItems/none' } },
    'leaves out /a: document#/paths/~1a: `$ref`',
  ],
  [
    'a path without a slash',
    { a: { get: {} } },
    'leaves out a: document#/paths/a: does not begin with "/". Write the whole path.',
  ],
  [
    'a word of which it is not known whether it hides',
    { '/a': { get: { 'x-mcp': { hidden: 'no' } } } },
    'GET /a: document#/paths/~1a/get/x-mcp/hidden: has to be true or false.',
  ],
  [
    'an extension that is none',
    { '/a': { get: { 'x-mcp': 'no' } } },
    'GET /a: document#/paths/~1a/get/x-mcp: has to be an object',
  ],
];

const components = {
  securitySchemes: {
    oauth: { type: 'oauth2', flows: {} },
    odd: { type: 'secret' },
    lost: { $ref: '#/components/securitySchemes/none' },
  },
};

describe.each(FAULTS)('%s', (_what, paths, line) => {
  const document = documentOf({ ...paths, '/sound': { get: sound } }, { components });

  test('costs the operation alone, and a line in the log', async () => {
    const { tools, log } = await offer(document);

    expect(tools.map(({ name }) => name)).toStrictEqual(['sound']);
    const lines = log.filter((one) => one.includes('leaves out'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`warn @McpOpenApi on OrdersApi leaves out`);
    expect(lines[0]).toContain(line);
  });

  test('stops the boot under `strict`, unless it is excluded', async () => {
    const [path = ''] = Object.keys(paths);

    await expect(offer(document, { strict: true })).rejects.toThrow(
      /`strict` of @McpOpenApi on OrdersApi: .* cannot be offered: document#\/.*Mend it, or leave it out with `exclude`\./,
    );
    const { tools } = await offer(document, { strict: true, exclude: { path } });
    expect(tools.map(({ name }) => name)).toStrictEqual(['sound']);
  });
});

test('what is wrong with many operations takes one line', async () => {
  const paths = Object.fromEntries(Array.from({ length: 9 }, (_one, index) => [`/a${index}`, { get: {} }]));
  const document = documentOf(
    { ...paths, '/sound': { get: { ...sound, security: [] } } },
    { security: [{ none: [] }] },
  );

  const { log } = await offer(document);

  const lines = log.filter((one) => one.includes('leaves out'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(
    'leaves out GET /a0, GET /a1, GET /a2, GET /a3, GET /a4 and 4 more: document#/security/0: names',
  );
});
