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
    'a parameter that is none',
    { '/a': { get: { parameters: ['p'] } } },
    'GET /a: document#/paths/~1a/get/parameters/0: is not a Parameter Object.',
  ],
  [
    'a parameter without a name',
    { '/a': { get: { parameters: [{ in: 'query' }] } } },
    'GET /a: document#/paths/~1a/get/parameters/0: has no `name`.',
  ],
  [
    'a parameter of no place',
    { '/a': { get: { parameters: [{ name: 'p', in: 'body' }] } } },
    'GET /a: document#/paths/~1a/get/parameters/0: has `in: body`, which no request has.',
  ],
  [
    'another method that is none',
    { '/a': { additionalOperations: { COPY: 'copy' } } },
    'COPY /a: document#/paths/~1a/additionalOperations/COPY: is not an Operation Object.',
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

/** All faults in one document, each at a path of its own, and a sound operation. */
const document = documentOf(
  Object.assign(
    { '/sound': { get: sound } },
    ...FAULTS.map(([, paths], index) => rename(paths, `a${index}`) as object),
  ) as Record<string, unknown>,
  { components },
);

/** Puts another path in place of `a`. */
function rename(paths: Record<string, unknown>, path: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(paths).map(([one, item]) => [one.replace('a', path), item]));
}

describe('what is wrong with an operation', () => {
  test('costs the operation alone, and a line in the log', async () => {
    const { tools, log } = await offer(document);

    expect(tools.map(({ name }) => name)).toStrictEqual(['sound']);
    const lines = log.filter((one) => one.includes('leaves out'));
    expect(lines).toHaveLength(FAULTS.length);
    for (const [index, [, , line]] of FAULTS.entries()) {
      const told = lines.find((one) => new RegExp(`leaves out ([A-Z]+ )?/?a${index}:`).test(one)) ?? '';
      expect(told).toMatch(/^warn @McpOpenApi on OrdersApi leaves out /);
      expect(told.replaceAll(`a${index}`, 'a')).toContain(line);
    }
  });

  test('stops the boot under `strict`', async () => {
    const message = await offer(document, { strict: true }).then(
      () => '',
      (error: unknown) => (error as Error).message,
    );

    for (const index of FAULTS.keys()) {
      expect(message).toMatch(
        new RegExp(
          `\`strict\` of @McpOpenApi on OrdersApi: ([A-Z]+ )?/?a${index} cannot be offered: document#/.*\\. Mend it, or leave it out with \`exclude\`\\.`,
        ),
      );
    }
  });

  test('does not stop it where the operation is excluded', async () => {
    const { tools, log } = await offer(document, { strict: true, exclude: [{ path: '/a*' }, { path: 'a*' }] });

    expect(tools.map(({ name }) => name)).toStrictEqual(['sound']);
    expect(log.join('\n')).not.toContain('leaves out');
  });
});

test('what is wrong with many operations takes one line', async () => {
  const paths = Object.fromEntries(Array.from({ length: 9 }, (_one, index) => [`/a${index}`, { get: {} }]));
  const inherited = documentOf(
    { ...paths, '/sound': { get: { ...sound, security: [] } } },
    { security: [{ none: [] }] },
  );

  const { log } = await offer(inherited);

  const lines = log.filter((one) => one.includes('leaves out'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(
    'leaves out GET /a0, GET /a1, GET /a2, GET /a3, GET /a4 and 4 more: document#/security/0: names',
  );
});
