import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { textOf } from '../../support/mcp-request.js';
import { startAnswerServer, type Answer, type AnswerServer } from './answer-server.js';

const thing = (method: string, operationId: string) => ({
  [method]: { operationId, responses: { 200: { description: 'A thing' } } },
});

const json = { 'content-type': 'application/json' };

/** What comes, and the structured content that becomes of it. The text says the same. */
const STRUCTURED: readonly (readonly [what: string, answer: Answer, structured: Record<string, unknown>])[] = [
  ['an object', { body: { id: 7, lines: [] } }, { id: 7, lines: [] }],
  ['a list', { body: [1, 2] }, { result: [1, 2] }],
  ['a number', { headers: json, body: '7' }, { result: 7 }],
  ['a text as JSON', { headers: json, body: '"seven"' }, { result: 'seven' }],
  ['null', { headers: json, body: 'null' }, { result: null }],
  ['an integer that is too big', { headers: json, body: '{"id":9007199254740993}' }, { id: 9007199254740992 }],
  ['a key twice', { headers: json, body: '{"id":1,"id":2}' }, { id: 2 }],
  ['another JSON type', { headers: { 'content-type': 'application/vnd.api+json' }, body: '{"id":7}' }, { id: 7 }],
  ['a byte order mark', { headers: json, body: '\uFEFF{"id":7}' }, { id: 7 }],
  [
    'Latin-1',
    { headers: { 'content-type': 'application/json; charset=iso-8859-1' }, body: Buffer.from('{"a":"é"}', 'latin1') },
    { a: 'é' },
  ],
  ['UTF-16', { headers: json, body: Buffer.from('\uFEFF{"id":7}', 'utf16le') }, { id: 7 }],
  [
    'UTF-16, the other way round',
    { headers: json, body: Buffer.from('\uFEFF{"id":7}', 'utf16le').swap16() },
    { id: 7 },
  ],
  [
    'a character encoding that nobody knows',
    { headers: { 'content-type': 'application/json; charset=klingon' }, body: '{"id":7}' },
    { id: 7 },
  ],
  ['JSON without a type', { body: '{"id":7}' }, { id: 7 }],
  [
    'lines of JSON',
    { headers: { 'content-type': 'application/x-ndjson' }, body: '{"id":1}\n{"id":2}\n' },
    { result: [{ id: 1 }, { id: 2 }] },
  ],
  ['nothing', { headers: json, body: '' }, { status: 200 }],
  ['spaces alone', { headers: json, body: ' \r\n' }, { status: 200 }],
  ['204', { status: 204 }, { status: 204 }],
  ['205', { status: 205 }, { status: 205 }],
  ['304', { status: 304, headers: { etag: '"a"' } }, { status: 304, etag: '"a"' }],
  [
    '202',
    { status: 202, headers: { location: '/v1/jobs/7', 'retry-after': '5' } },
    {
      status: 202,
      location: '/v1/jobs/7',
      retryAfter: '5',
    },
  ],
  ['201 at another host', { status: 201, headers: { location: 'http://db.internal/7' } }, { status: 201 }],
];

/** What comes, and its text. */
const TEXTS: readonly (readonly [what: string, answer: Answer, text: string])[] = [
  ['XML', { headers: { 'content-type': 'application/xml' }, body: '<a/>' }, '<a/>'],
  ['CSV', { headers: { 'content-type': 'text/csv' }, body: 'a,b\n1,2\n' }, 'a,b\n1,2\n'],
  ['HTML', { headers: { 'content-type': 'text/html' }, body: '<p>Hi</p>' }, '<p>Hi</p>'],
  ['SVG', { headers: { 'content-type': 'image/svg+xml' }, body: '<svg/>' }, '<svg/>'],
  ['JSON that is a text by its type', { headers: { 'content-type': 'text/plain' }, body: '{"id":7}' }, '{"id":7}'],
  ['a text without a type', { body: 'Hello' }, 'Hello'],
  [
    'lines of JSON, one of which is none',
    { headers: { 'content-type': 'application/x-ndjson' }, body: '{"id":1}\noops\n' },
    '{"id":1}\noops\n',
  ],
  ['what says JSON and is not', { headers: json, body: 'OK' }, 'OK'],
  [
    'JSON of too many levels',
    { headers: json, body: '['.repeat(200) + ']'.repeat(200) },
    '['.repeat(200) + ']'.repeat(200),
  ],
];

describe.each(['express', 'fastify'] as const)('answers of an API on %s', (platform) => {
  let server: AnswerServer;

  beforeAll(async () => {
    server = await startAnswerServer({
      platform,
      paths: {
        '/thing': { ...thing('get', 'getThing'), ...thing('head', 'headThing'), ...thing('post', 'createThing') },
      },
    });
  });
  afterAll(() => server.close());

  test.each(STRUCTURED)(
    'are structured content, and text that says the same: %s',
    async (_what, answer, structured) => {
      const result = await server.answer('getThing', '/v1/thing', answer);

      expect(result.structuredContent).toStrictEqual(structured);
      expect(JSON.parse(result.content[0]?.text ?? '')).toStrictEqual(structured);
      expect(result.isError ?? false).toBe(false);
    },
  );

  test.each(TEXTS)('are text: %s', async (_what, answer, text) => {
    const result = await server.answer('getThing', '/v1/thing', answer);

    expect(result).toMatchObject({ content: [{ type: 'text', text }] });
    expect(result.structuredContent).toBeUndefined();
  });

  test('of HEAD are its headers', async () => {
    const headers = { 'content-type': 'application/pdf', 'content-length': '12', etag: '"a"' };

    const result = await server.answer('headThing', '/v1/thing', { headers });

    expect(result.structuredContent).toStrictEqual({
      status: 200,
      mediaType: 'application/pdf',
      size: 12,
      etag: '"a"',
    });
  });

  test('say where what was made is', async () => {
    const answer = { status: 201, headers: { location: '/v1/thing/7' }, body: { id: 7 } };

    const result = await server.answer('createThing', '/v1/thing', answer);

    expect(result.structuredContent).toStrictEqual({ id: 7 });
    expect(result.content.map(({ text }) => text)).toStrictEqual(['{"id":7}', 'Location: /v1/thing/7']);
  });

  test.each([
    ['JSON', { headers: { ...json, 'content-length': '100' }, body: '{"id":', breaksOff: true }],
    ['a file', { headers: { 'content-type': 'image/png', 'content-length': '100' }, body: 'x', breaksOff: true }],
  ])('that break off fail, and nothing of them is told: %s', async (_what, answer) => {
    server.log.lines.length = 0;

    const result = await server.answer('createThing', '/v1/thing', answer);

    expect(result).toMatchObject({ isError: true, content: [{ type: 'text' }] });
    expect(textOf(result)).toContain('The orders API cannot be reached right now');
    expect(server.log.text).toContain('orders broke off its answer');
  });

  test('that are streams of events are refused', async () => {
    const answer = { headers: { 'content-type': 'text/event-stream' }, body: 'data: 1\n\n' };

    const result = await server.answer('getThing', '/v1/thing', answer);

    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('a stream of events');
  });
});
