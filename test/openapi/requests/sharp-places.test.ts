import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../lib/json/json-object.js';
import { RequestProblem } from '../../../lib/openapi/requests/request-problem.js';
import { request } from './described-request.js';
import { describeFirst, type DocumentParts } from '../inputs/described-input.js';

const text = { type: 'string' };
const file = { type: 'string', format: 'binary' };
const inPath = (name: string, schema: object = text, more: object = {}) => ({
  name,
  in: 'path',
  required: true,
  schema,
  ...more,
});
const inQuery = (name: string, schema: object = text, more: object = {}) => ({ name, in: 'query', schema, ...more });
const form = (properties: object) => ({ type: 'object', properties });

interface Sent {
  readonly target?: string;
  readonly type?: string;
  readonly body?: string;
}

/** Fragments of real documents on which other implementations fail. */
const PLACES: readonly (readonly [what: string, parts: DocumentParts, args: JsonObject, sent: Sent])[] = [
  [
    'a name that begins with `$`, with a dot',
    { parameters: [inQuery('$.xgafv', { ...text, enum: ['1', '2'] })] },
    { xgafv: '2' },
    { target: '/things?%24.xgafv=2' },
  ],
  [
    'a name that begins with `_`',
    { body: form({ _occupied: { type: 'boolean' } }), schemas: { _Cable: form({ _occupied: text }) } },
    { _occupied: true },
    { body: '{"_occupied":true}' },
  ],
  [
    'placeholders after a `#`',
    { path: '/send/#env/{partner}/{transfer}#draft', parameters: [inPath('partner'), inPath('transfer')] },
    { partner: 'p', transfer: 't#1' },
    { target: '/send/%23env/p/t%231' },
  ],
  [
    'one name in path and query, with different types',
    { path: '/lists/{list_id}', parameters: [inPath('list_id', { type: 'integer' }), inQuery('list_id', text)] },
    { list_id: 5, query_list_id: 'x' },
    { target: '/lists/5?list_id=x' },
  ],
  [
    'one name in path, query and body',
    {
      path: '/a/{id}',
      parameters: [inPath('id', { type: 'integer' }), inQuery('id', text)],
      body: form({ id: { type: 'boolean' } }),
    },
    { id: 5, query_id: 'x', body_id: true },
    { target: '/a/5?id=x', body: '{"id":true}' },
  ],
  [
    'a bound that a boolean makes exclusive',
    { version: '3.0.3', parameters: [inQuery('n', { type: 'number', minimum: 1, exclusiveMinimum: true })] },
    { n: 1.5 },
    { target: '/things?n=1.5' },
  ],
  [
    'a list that has properties',
    { body: { type: 'array', properties: { data: { type: 'object' } } } },
    { body: [{ data: {} }] },
    { type: 'application/json', body: '[{"data":{}}]' },
  ],
  [
    'a body of any type',
    { mediaType: '*/*', body: form({ target: { type: 'object' } }) },
    { target: { name: 'node' } },
    { type: 'application/json', body: '{"target":{"name":"node"}}' },
  ],
  [
    'a parameter with `content`',
    {
      parameters: [{ name: 'payload', in: 'query', content: { 'application/json': { schema: form({ limit: {} }) } } }],
    },
    { payload: { limit: 3 } },
    { target: '/things?payload=%7B%22limit%22%3A3%7D' },
  ],
  [
    'a list of the query that is one value',
    { parameters: [inQuery('attributes', { type: 'array', items: text }, { explode: false })] },
    { attributes: ['age', 'a,b'] },
    { target: '/things?attributes=age,a%2Cb' },
  ],
  [
    'a list in the path',
    { path: '/Mode/{modes}', parameters: [inPath('modes', { type: 'array', items: text })] },
    { modes: ['bus', 'tube'] },
    { target: '/Mode/bus,tube' },
  ],
  [
    'a form with objects in objects',
    {
      mediaType: 'application/x-www-form-urlencoded',
      body: form({ company: form({ address: form({ city: text }) }), tags: { type: 'array', items: text } }),
      encoding: { company: { style: 'deepObject', explode: true }, tags: { style: 'deepObject', explode: true } },
    },
    { company: { address: { city: 'Ulm' } }, tags: ['a', 'b'] },
    { body: 'company[address][city]=Ulm&tags[]=a&tags[]=b' },
  ],
];

describe('a sharp place of real documents', () => {
  test.each(PLACES)('%s', (_what, parts, args, { target = '/things', type, body }) => {
    const described = describeFirst(parts);
    const sent = described.build(args);

    expect(described.takes(args)).toBe(true);
    expect(sent.target).toBe(target);
    expect(sent.body).toBe(body);
    if (type !== undefined) expect(sent.headers).toStrictEqual({ 'content-type': type });
  });

  test('a file of a form', async () => {
    const body = form({ 'template[document]': file, name: text });
    const described = describeFirst({ mediaType: 'multipart/form-data', body });
    const args = { template_document: 'data:application/pdf;name=a.pdf;base64,aGVsbG8=', name: 'x' };
    const { headers, body: content } = described.build(args);
    const parts = await new Response(content ?? '', { headers }).formData();

    expect(described.takes(args)).toBe(true);
    expect([...parts.keys()]).toStrictEqual(['template[document]', 'name']);
    const sent = parts.get('template[document]') as File;
    expect([sent.name, sent.type, await sent.text()]).toStrictEqual(['a.pdf', 'application/pdf', 'hello']);
  });

  test('a list in one of several kinds of JSON', () => {
    const types = ['application/*+json', 'application/json', 'application/json-patch+json', 'text/json'];
    const content = Object.fromEntries(types.map((type) => [type, { schema: { type: 'array', items: form({}) } }]));
    const { headers, body } = request({ requestBody: { content } }, { body: [{ a: 1 }] });

    expect(headers).toStrictEqual({ 'content-type': 'application/json' });
    expect(Buffer.from(body).toString()).toBe('[{"a":1}]');
  });

  test('a value of the path that climbs', () => {
    const described = describeFirst({ path: '/repos/{owner}/{repo}', parameters: [inPath('owner'), inPath('repo')] });

    expect(() => described.build({ owner: '..', repo: 'user' })).toThrow(RequestProblem);
  });

  test('a value on an exclusive bound', () => {
    const schema = { type: 'number', minimum: 1, exclusiveMinimum: true };

    expect(describeFirst({ version: '3.0.3', parameters: [inQuery('n', schema)] }).takes({ n: 1 })).toBe(false);
  });
});
