import { describe, expect, test } from '@jest/globals';
import { documentOf, offer } from './offered-tools.js';

/** A document with the extension at three levels. */
function documentWith(levels: { readonly root?: unknown; readonly path?: unknown; readonly operation?: unknown }) {
  const extend = (extension: unknown) => extension !== undefined && { 'x-mcp': extension };
  const get = { operationId: 'tool', responses: {}, ...extend(levels.operation) };
  const other = { get: { operationId: 'other', responses: {}, 'x-mcp': true } };
  return documentOf({ '/a': { get, ...extend(levels.path) }, '/b': other }, { ...extend(levels.root) });
}

describe('an operation is hidden', () => {
  test.each([
    [{}, true],
    [{ operation: false }, false],
    [{ operation: { hidden: true } }, false],
    [{ operation: { hidden: false } }, true],
    [{ path: false }, false],
    [{ root: false }, false],
    [{ root: { hidden: true } }, false],
    [{ root: false, operation: true }, true],
    [{ path: { hidden: true }, operation: { hidden: false } }, true],
    [{ root: false, path: true }, true],
    [{ root: true, path: false }, false],
    [{ path: false, operation: { title: 'A' } }, false],
  ])('by what the nearest level says: with %j it is offered: %j', async (levels, isOffered) => {
    const { tools } = await offer(documentWith(levels));

    expect(tools.map(({ name }) => name)).toStrictEqual(isOffered ? ['other', 'tool'] : ['other']);
  });
});

test('the nearest level says annotations and `_meta`', async () => {
  const { tools } = await offer(
    documentWith({
      root: {
        annotations: { openWorldHint: false, idempotentHint: false },
        meta: { 'a.example/x': 1, 'a.example/y': 1 },
      },
      path: { annotations: { idempotentHint: true }, meta: { 'a.example/y': 2 } },
    }),
  );

  const tool = tools.find(({ name }) => name === 'tool');
  expect(tool?.annotations).toMatchObject({ openWorldHint: false, idempotentHint: true });
  expect(tool?._meta).toStrictEqual({ 'a.example/x': 1, 'a.example/y': 2 });
});

describe('what is wrong has no effect, and is told in the log', () => {
  test.each([
    [{ operation: { scopes: ['admin'] } }, '/x-mcp/scopes is not taken. Scopes are those of `security`.'],
    [
      { operation: { nmae: 'x' } },
      '/x-mcp/nmae is not taken. Known are hidden, annotations, meta, name, title, description.',
    ],
    [{ operation: { title: 7 } }, '/x-mcp/title is not taken: '],
    [{ operation: { description: ' ' } }, '/x-mcp/description is not taken: '],
    [{ operation: { annotations: { readOnlyHint: 'yes' } } }, '/x-mcp/annotations is not taken: '],
    [{ operation: { annotations: { harmless: true } } }, '/x-mcp/annotations is not taken: '],
    [{ operation: { meta: { 'io.modelcontextprotocol/x': 1 } } }, '/x-mcp/meta is not taken: '],
    [{ operation: { meta: { 'dev.mcp/x': 1 } } }, '/x-mcp/meta is not taken: '],
    [{ operation: { meta: { 'a.example/x': 'x'.repeat(5000) } } }, '/x-mcp/meta is not taken: '],
    [{ path: { name: 'x' } }, '/x-mcp/name is not taken. Only an operation has a name.'],
    [{ root: { description: 'x' } }, 'document#/x-mcp/description is not taken. Only an operation has a description.'],
    [{ operation: { annotations: { title: 'A' } } }, '/x-mcp/annotations is not taken: '],
  ])('%j', async (levels, line) => {
    const { tools, log } = await offer(documentWith(levels));
    const plain = await offer(documentWith({}));

    expect(tools).toStrictEqual(plain.tools);
    const told = log.filter((one) => one.includes('is not taken'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('warn @McpOpenApi on OrdersApi: ');
    expect(told[0]).toContain(line);
  });

  test('a method that is there to delete does not become harmless', async () => {
    const remove = { operationId: 'remove', responses: {}, 'x-mcp': { annotations: { destructiveHint: false } } };

    const { log } = await offer(documentOf({ '/a': { delete: remove } }));

    expect(log.join('\n')).toContain(
      'warn @McpOpenApi on OrdersApi: `destructiveHint` of `x-mcp` of DELETE /a is not taken: the method says the contrary.',
    );
  });
});

test('scopes and the call are those of the operation, whatever it is named', async () => {
  const { tools } = await offer(documentWith({ operation: { name: 'finder' } }), { include: ['tool', 'other'] });

  expect(tools.map(({ name }) => name)).toStrictEqual(['finder', 'other']);
});
