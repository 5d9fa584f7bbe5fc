import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ToolResult } from '../../support/mcp-request.js';
import { startAnswerServer, type AnswerServer } from './answer-server.js';

/** Characters of a result. */
const MAX_SIZE = 4_000;

const integers = ['limit', 'offset', 'page', 'page[size]', 'startIndex', '$top', '$skip'];

const query = (name: string) => ({
  name,
  in: 'query',
  schema: { type: integers.includes(name) ? 'integer' : 'string' },
});

const list = (operationId: string, ...names: readonly string[]) => ({
  get: { operationId, parameters: names.map(query), responses: { 200: { description: 'A list' } } },
});

/** An operation that pages with what is no parameter of the query. */
const search = (operationId: string, parameters: readonly object[], schema: object) => ({
  post: {
    operationId,
    parameters,
    requestBody: { content: { 'application/json': { schema } } },
    responses: { 200: { description: 'A list' } },
  },
});

const paths = {
  '/plain': list('plain'),
  '/tiny': list('tiny'),
  '/body': search('byBody', [{ name: 'limit', in: 'header', schema: { type: 'string' } }], {
    type: 'object',
    properties: { offset: { type: 'integer' }, query: { type: 'string' } },
  }),
  '/whole': search('byWhole', [], { type: 'array', items: { type: 'string' } }),
  '/word': list('byWord', 'start', 'filter'),
  '/things/{offset}/parts': {
    get: {
      operationId: 'byPath',
      parameters: [{ name: 'offset', in: 'path', required: true, schema: { type: 'integer' } }, query('page')],
      responses: { 200: { description: 'A list' } },
    },
  },
  '/narrow': list('narrow', 'status', 'customer'),
  '/offset': list('byOffset', 'limit', 'offset'),
  '/odata': list('byOdata', '$top', '$skip'),
  '/scim': list('byIndex', 'count', 'startIndex'),
  '/page': list('byPage', 'page', 'per_page'),
  '/jsonapi': list('byJsonApi', 'page[size]', 'page[number]'),
  '/token': list('byToken', 'pageSize', 'pageToken'),
  '/stripe': list('byLast', 'limit', 'starting_after'),
  '/strange': list('byLink', 'weird'),
};

const orders = (count: number) =>
  Array.from({ length: count }, (_one, index) => ({ id: `order-${index}`, note: 'x'.repeat(80) }));

/** Both forms of a result say the same, and fit together. */
function read(result: ToolResult): Record<string, unknown> {
  const structured = result.structuredContent ?? {};
  expect(JSON.parse(result.content[0]?.text ?? '')).toStrictEqual(structured);
  expect(2 * JSON.stringify(structured).length).toBeLessThanOrEqual(MAX_SIZE);
  return structured;
}

const count = (value: unknown): number => (value as unknown[]).length;

describe.each(['express', 'fastify'] as const)('answers that are too large on %s', (platform) => {
  let server: AnswerServer;

  beforeAll(async () => {
    server = await startAnswerServer({
      platform,
      paths,
      answers: { maxSize: MAX_SIZE, operations: { tiny: { maxSize: 120 } } },
      orders: { http: { maxJsonSize: 100_000 } },
    });
  });
  afterAll(() => server.close());

  test.each([
    ['a list', orders(100), 'result'],
    ['a list in an object', { total: 100, items: orders(100), next: null }, 'items'],
    ['a list far inside', { data: { page: { orders: orders(100) } }, meta: { total: 100 } }, 'data.page.orders'],
  ])('lose whole items at the end, and keep what is around them: %s', async (_what, body, path) => {
    const answer = read(await server.answer('plain', '/v1/plain', { body }));

    const kept = path.split('.').reduce<unknown>((one, name) => (one as Record<string, unknown>)[name], answer);
    expect(count(kept)).toBeGreaterThan(5);
    expect(kept).toStrictEqual(orders(count(kept)));
    expect(answer.leftOut).toBe(`${path}: ${100 - count(kept)} of 100 items are left out.`);
  });

  test('keep short lists beside long ones', async () => {
    const answer = read(await server.answer('plain', '/v1/plain', { body: { few: orders(3), many: orders(100) } }));

    expect(answer.few).toStrictEqual(orders(3));
    expect(count(answer.many)).toBeGreaterThan(5);
  });

  test('lose items of a list in the only item that there is', async () => {
    const answer = read(await server.answer('plain', '/v1/plain', { body: [{ id: 1, lines: orders(100) }] }));

    expect(answer.result).toMatchObject([{ id: 1, lines: orders(17) }]);
    expect(answer.leftOut).toMatch(/^result\[0\]\.lines: \d+ of 100 items are left out\.$/);
  });

  test('without lists lose their largest members, which are named', async () => {
    const body = { id: 7, long: 'x'.repeat(5_000), longer: 'y'.repeat(6_000), short: 'z' };

    const answer = read(await server.answer('plain', '/v1/plain', { body }));

    expect(answer).toStrictEqual({
      leftOut: 'longer is left out (6002 characters). long is left out (5002 characters).',
      id: 7,
      short: 'z',
    });
  });

  const item = (index: number) => ({ id: index, note: 'x'.repeat(80) });

  test.each<[what: string, tool: string, body: unknown, kept: Record<string, unknown>]>([
    [
      'a name that is empty',
      'plain',
      { '': 'x'.repeat(5_000), id: 7 },
      { leftOut: '"" is left out (5002 characters).', id: 7 },
    ],
    [
      'a name that is larger than all',
      'plain',
      { [`long${'x'.repeat(5_000)}`]: orders(5), id: 7 },
      { leftOut: `long${'x'.repeat(96)}... is left out (542 characters).`, id: 7 },
    ],
    [
      'an item that is too large alone',
      'plain',
      ['x'.repeat(5_000)],
      { leftOut: 'result: 1 of 1 items are left out.', result: [] },
    ],
    [
      'large members of an item, the largest ones first',
      'plain',
      { deep: { few: Array.from({ length: 20 }, (_one, index) => item(index)), text: 'x'.repeat(3_000) }, id: 7 },
      {
        leftOut: 'deep.text is left out (3002 characters). deep.few: 2 of 20 items are left out.',
        deep: { few: Array.from({ length: 18 }, (_one, index) => item(index)) },
        id: 7,
      },
    ],
    [
      'all of it, where there is hardly any room',
      'tiny',
      { items: [item(1)], more: [item(2), item(3), item(4)] },
      { leftOut: 'more is left out (302 characters). items is left out (102 characters).' },
    ],
  ])('lose %s', async (_what, tool, body, kept) => {
    const answer = read(await server.answer(tool, `/v1/${tool}`, { body }));

    expect(answer).toStrictEqual(kept);
  });

  test('that are maps keep whole entries', async () => {
    const body = Object.fromEntries(orders(200).map((order) => [order.id, { ...order, note: 'x'.repeat(300) }]));

    const { leftOut, ...kept } = read(await server.answer('plain', '/v1/plain', { body }));

    expect(Object.values(kept).length).toBeGreaterThan(2);
    expect(kept).toMatchObject(Object.fromEntries(Object.keys(kept).map((id) => [id, body[id]])));
    expect(leftOut).toMatch(/So are \d+ other parts\.$/);
  });

  test.each([
    [
      'byOffset',
      '/v1/offset?offset=40',
      { offset: 40 },
      'Ask for at most N at a time with "limit". Go on with "offset": M.',
      40,
    ],
    ['byOffset', '/v1/offset', {}, 'Ask for at most N at a time with "limit". Go on with "offset": M.', 0],
    ['byOdata', '/v1/odata', {}, 'Ask for at most N at a time with "top". Go on with "skip": M.', 0],
    ['byIndex', '/v1/scim', {}, 'Ask for at most N at a time with "count". Go on with "startIndex": M.', 1],
    ['byPage', '/v1/page', {}, 'Ask for at most N at a time with "per_page". The next page is got with "page".', 0],
    [
      'byToken',
      '/v1/token',
      {},
      'Ask for at most N at a time with "pageSize". The next page is got with "pageToken".',
      0,
    ],
    [
      'byLast',
      '/v1/stripe',
      {},
      'Ask for at most N at a time with "limit". Go on with "starting_after": "order-L".',
      0,
    ],
    ['narrow', '/v1/narrow', {}, 'Ask for less, for example with "status", "customer".', 0],
    ['narrow', '/v1/narrow?status=open', { status: 'open' }, 'Ask for less, for example with "customer".', 0],
    ['byBody', '/v1/body', { offset: 10 }, 'Go on with "offset": M.', 10],
    ['byWord', '/v1/word?start=a7', { start: 'a7' }, 'Go on with "start".', 0],
    ['byPath', '/v1/things/3/parts', { offset: 3 }, 'The next page is got with "page".', 0],
  ])('say how to get the rest: %s of %s', async (tool, path, args, advice, from) => {
    const answer = read(await server.answer(tool, path, { body: { data: orders(100) } }, args));

    const kept = count(answer.data);
    const told = advice
      .replace('N', String(kept))
      .replace('M', String(from + kept))
      .replace('L', String(kept - 1));
    expect(answer.leftOut).toBe(`data: ${100 - kept} of 100 items are left out. ${told}`);
  });

  test.each([
    ['a number', { id: 7, note: 'x'.repeat(80) }, 'Go on with "starting_after": 7.'],
    ['no plain value', { id: {}, note: 'x'.repeat(80) }, 'The next page is got with "starting_after".'],
    ['missing, as items are no objects', 'x'.repeat(80), 'The next page is got with "starting_after".'],
  ])('say how to go on after an item whose identifier is %s', async (_what, one, advice) => {
    const body = { data: Array.from({ length: 100 }, () => one) };

    const answer = read(await server.answer('byLast', '/v1/stripe', { body }));

    expect(answer.leftOut).toBe(
      `data: ${100 - count(answer.data)} of 100 items are left out. Ask for at most ${count(answer.data)} at a time with "limit". ${advice}`,
    );
  });

  test('say which argument gets the next page, where the list is in an item of another', async () => {
    const body = [{ id: 1, lines: orders(100) }];

    const answer = read(await server.answer('byLast', '/v1/stripe', { body }));

    expect(answer.leftOut).toMatch(/^result\[0\]\.lines: .* The next page is got with "starting_after"\.$/);
  });

  test('say nothing of how to go on, where there is no way', async () => {
    const answer = read(await server.answer('byWhole', '/v1/whole', { body: orders(100) }));

    expect(answer.leftOut).toBe(`result: ${100 - count(answer.result)} of 100 items are left out.`);
  });

  test('name the parameter that the address of the next page has', async () => {
    const body = { items: orders(100), _links: { next: { href: '/v1/strange?weird=abc' } } };

    const answer = read(await server.answer('byLink', '/v1/strange', { body }));

    expect(answer.leftOut).toMatch(/ Other pages: "weird"\.$/);
  });

  test('that are text are cut at a line', async () => {
    const body = 'line of text\n'.repeat(1_000);

    const result = await server.answer('plain', '/v1/plain', { headers: { 'content-type': 'text/csv' }, body });

    const [text = '', note] = result.content.map((one) => one.text);
    expect(body.startsWith(`${text}\n`)).toBe(true);
    expect(text.length).toBeGreaterThan(MAX_SIZE - 20);
    expect(note).toBe(
      `${body.length - text.length - 1} characters in ${1_000 - text.split('\n').length} lines are left out.`,
    );
  });

  test('that are one line of text are cut between characters', async () => {
    const body = `x${'😀'.repeat(3_000)}`;

    const result = await server.answer('plain', '/v1/plain', { headers: { 'content-type': 'text/plain' }, body });

    expect(result.content[0]?.text).toMatch(/^x(?:😀)+$/u);
  });

  test('that are one line of plain letters are cut where there is no more room', async () => {
    const answer = { headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(6_000) };

    const result = await server.answer('plain', '/v1/plain', answer);

    expect(result.content.map(({ text }) => text)).toStrictEqual([
      'x'.repeat(MAX_SIZE),
      '2000 characters in 1 lines are left out.',
    ]);
  });

  test.each([
    ['byOffset', '/v1/offset', 'Ask for fewer at a time with \\"limit\\".'],
    ['narrow', '/v1/narrow', 'Ask for less, for example with \\"status\\", \\"customer\\".'],
  ])('to be read are refused, with what would make them smaller: %s', async (tool, path, advice) => {
    const result = await server.answer(tool, path, { body: orders(2_000) });

    expect(result.isError).toBe(true);
    expect(JSON.stringify(result.content)).toContain(advice);
    expect(server.log.text).toContain('orders answered with more than 100000 bytes');
  });

  test('of a page tell its next one, which is in a header', async () => {
    const headers = {
      'content-type': 'application/json',
      link: '<http://db.internal/v1/page?page=3&per_page=2>; rel="next", </v1/page>; rel=first',
    };

    const result = await server.answer('byPage', '/v1/page?page=2', { headers, body: '[1,2]' }, { page: 2 });

    expect(result.structuredContent).toStrictEqual({ nextPage: { page: 3, per_page: '2' }, result: [1, 2] });
  });

  test.each<[what: string, link: string, told: readonly string[]]>([
    ['in a text beside an object', '</v1/things?page=3>; rel=next', ['Next page: {"page":3}']],
    ['by no argument that it cannot change', '</v1/things?offset=9&page=3>; rel=next', ['Next page: {"page":3}']],
    ['not, if it is the same page', '</v1/things?page=2>; rel=next', []],
    ['not, if the operation does not know it', '</v1/things?other=3>; rel=next', []],
    ['not, if it is no address', '<http://[>; rel=next', []],
    ['not, if there is none', '</v1/things?page=1>; rel=prev', []],
  ])('of a page tell its next one %s', async (_what, link, told) => {
    const headers = { 'content-type': 'application/json', link };
    const args = { offset: 1, page: 2 };

    const result = await server.answer('byPath', '/v1/things/1/parts?page=2', { headers, body: '{"id":7}' }, args);

    expect(result.structuredContent).toStrictEqual({ id: 7 });
    expect(result.content.map(({ text }) => text)).toStrictEqual(['{"id":7}', ...told]);
  });
});
