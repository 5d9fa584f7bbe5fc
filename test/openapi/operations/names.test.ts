import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OpenApiDocument } from '../../../lib/openapi/documents/open-api-document.js';
import { listOperations } from '../../../lib/openapi/operations/list-operations.js';
import type { NameOptions } from '../../../lib/openapi/operations/name-options.js';
import { nameTools } from '../../../lib/openapi/operations/tool-names.js';
import { classWith, documentOf, listTools, offer } from './offered-tools.js';

interface Written {
  readonly method: string;
  readonly path: string;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

/** The names of the tools, by method and path. */
function nameAll(operations: readonly Written[], options: NameOptions = {}): ReadonlyMap<string, string> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, id, name } of operations) {
    const extension = name !== undefined && { 'x-mcp': { name } };
    (paths[path] ??= {})[method] = { ...(id !== undefined && { operationId: id }), ...extension };
  }
  const listed = listOperations(new OpenApiDocument('document', new Map([['document', documentOf(paths)]])));
  return new Map([...nameTools(listed, options).of].map(([{ method, path }, name]) => [`${method} ${path}`, name]));
}

function nameOne(id: string | undefined, options: NameOptions = {}, path = '/orders/{id}'): string {
  return nameAll([{ method: 'get', path, id }], options).get(`GET ${path}`) ?? '';
}

const LONG = 'listAllOrdersOfCustomersThatHaveNotBeenPaidYetInTheLastYear';

test.each([
  ['listOrders', {}, /^listOrders$/],
  ['list_orders-2', {}, /^list_orders-2$/],
  ['_list', {}, /^_list$/],
  ['orders.list', {}, /^orders_list_[0-9a-f]{6}$/],
  ['repos/get', {}, /^repos_get_[0-9a-f]{6}$/],
  ['List all orders', {}, /^List_all_orders_[0-9a-f]{6}$/],
  ['заказы', {}, /^op_[0-9a-f]{6}$/],
  ['2fa', {}, /^op_2fa_[0-9a-f]{6}$/],
  [undefined, {}, /^get_orders_id_[0-9a-f]{6}$/],
  ['', {}, /^get_orders_id_[0-9a-f]{6}$/],
  [LONG, {}, new RegExp(`^${LONG.slice(0, 41)}_[0-9a-f]{6}$`)],
  [LONG, { maxNameLength: 64 }, new RegExp(`^${LONG}$`)],
  ['listOrders', { maxNameLength: 16 }, /^listOrders$/],
  ['listOrdersOfOne', { maxNameLength: 16, prefix: 'x_' }, /^x_listOrd_[0-9a-f]{6}$/],
  ['listOrders', { prefix: 'shop_' }, /^shop_listOrders$/],
  ['2fa', { prefix: 'shop_' }, /^shop_2fa$/],
  [undefined, { prefix: 'shop_' }, /^shop_get_orders_id_[0-9a-f]{6}$/],
  // It looks like the name of another operation.
  ['orders_list_abc123', {}, /^orders_list_abc123_[0-9a-f]{6}$/],
])('%j with %j is named %s', (id, options, name) => {
  expect(nameOne(id, options)).toMatch(name);
});

test('a name of the document itself counts in place of the operationId', () => {
  expect([...nameAll([{ method: 'get', path: '/a', id: 'x.y', name: 'findIt' }]).values()]).toStrictEqual(['findIt']);
});

describe('whatever a document has', () => {
  const texts = fc.oneof(
    fc.constantFrom(
      'list',
      'List',
      'li.st',
      'li_st',
      'li st',
      'get_a',
      'get_a_abc123',
      LONG,
      `${LONG}2`,
      '$.xgafv',
      '_',
      '',
    ),
    fc.string({ maxLength: 80 }),
    fc.stringMatching(/^[a-z_]{1,4}$/),
  );
  const segments = fc.constantFrom('a', 'b', 'A', '{a}', '{b}', 'a_b', 'a.b', 'ä', '{a}.{b}', '');
  const operations = fc.record({
    method: fc.constantFrom('get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query'),
    path: fc.array(segments, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`),
    id: fc.option(texts, { nil: undefined }),
    name: fc.option(texts, { nil: undefined, freq: 8 }),
  });
  const documents = fc.uniqueArray(operations, { selector: ({ method, path }) => `${method} ${path}`, maxLength: 40 });
  /** OpenAPI wants operation ids to differ. */
  const sound = fc.uniqueArray(operations, {
    selector: ({ method, path, id, name }) => [`${method} ${path}`, name?.trim() || id?.trim() || `${method} ${path}`],
    comparator: ([one, oneId], [other, otherId]) => one === other || oneId === otherId,
    maxLength: 40,
  });
  const options = fc.record({
    prefix: fc.constantFrom(undefined, 'shop_', 'A-very-long-prefix-of-24'),
    maxNameLength: fc.constantFrom(undefined, 16 + 24, 64),
  }) as fc.Arbitrary<NameOptions>;

  test('names are legal, short enough and unique', () => {
    fc.assert(
      fc.property(documents, options, (document, choice) => {
        const names = [...nameAll(document, choice).values()];
        for (const name of names) expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]*$/);
        expect(Math.max(0, ...names.map(({ length }) => length))).toBeLessThanOrEqual(choice.maxNameLength ?? 48);
        expect(new Set(names).size).toBe(document.length);
      }),
      { numRuns: 300 },
    );
  });

  test('names stay when the document grows, and when its order changes', () => {
    fc.assert(
      fc.property(sound, fc.array(fc.nat()), fc.array(fc.boolean()), options, (document, order, kept, choice) => {
        const whole = nameAll(document, choice);
        const shuffled = document.toSorted(
          (one, other) => (order[document.indexOf(one)] ?? 0) - (order[document.indexOf(other)] ?? 0),
        );
        const smaller = shuffled.filter((one) => kept[document.indexOf(one)] ?? false);
        for (const [operation, name] of nameAll(smaller, choice)) expect(whole.get(operation)).toBe(name);
      }),
      { numRuns: 300 },
    );
  });

  test('names do not depend on the order, and pass from no reading operation to a writing one', () => {
    fc.assert(
      fc.property(documents, operations, (document, added) => {
        fc.pre(!document.some(({ method, path }) => method === added.method && path === added.path));
        const names = nameAll(document);
        expect(nameAll(document.toReversed())).toStrictEqual(names);
        const isReading = (operation: string) => /^(GET|HEAD|OPTIONS|QUERY) /.test(operation);
        const owners = new Map([...names].map(([operation, name]) => [name, operation]));
        for (const [operation, name] of nameAll([...document, added])) {
          const owner = owners.get(name);
          if (owner !== undefined && isReading(owner)) expect(isReading(operation)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('operations with the same operationId', () => {
  const document = documentOf({
    '/a': { post: { operationId: 'same', responses: {} } },
    '/b': { get: { operationId: 'same', responses: {} } },
  });

  test('are both offered, and the log says under which names', async () => {
    const { tools, log } = await offer(document);

    expect(tools.map(({ name }) => name).sort()).toStrictEqual(['same', expect.stringMatching(/^same_[0-9a-f]{6}$/)]);
    expect(log.join('\n')).toMatch(
      /warn @McpOpenApi on OrdersApi: POST \/a has the same name "same" as GET \/b\. It is offered as "same_[0-9a-f]{6}"\. Give each operation another operationId\./,
    );
  });
});

describe('operations of two documents', () => {
  const document = documentOf({ '/a': { get: { operationId: 'list', responses: {} } } });

  test('must not have the same name', async () => {
    const providers = [classWith({ document }), classWith({ document })];

    await expect(listTools({ providers })).rejects.toThrow(
      'Two tools are named "list": OrdersApi.GET /a and OrdersApi.GET /a. Give one of the documents a `prefix`, or one of the operations another `name` with @McpOperation.',
    );
  });

  test('have different names with a prefix', async () => {
    const { tools } = await listTools({
      providers: [classWith({ document }), classWith({ document, prefix: 'old_' })],
    });

    expect(tools.map(({ name }) => name).sort()).toStrictEqual(['list', 'old_list']);
  });
});
