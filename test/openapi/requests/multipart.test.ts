import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../lib/json/json-object.js';
import { bodyOf, request } from './described-request.js';

const FILE = { type: 'string', format: 'binary' };

function form(properties: JsonObject, encoding: JsonObject = {}, type = 'multipart/form-data') {
  return { requestBody: { content: { [type]: { schema: { type: 'object', properties }, encoding } } } };
}

/** The parts of a form, as they are sent: their headers, and their content. */
function partsOf(described: object, args: JsonObject): readonly string[] {
  const sent = request(described, args);
  const [, boundary = '?'] = /; boundary=(.+)$/.exec(sent.headers['content-type'] ?? '') ?? [];
  const parts = bodyOf(sent).split(`--${boundary}`);
  expect(parts[0]).toBe('');
  expect(parts.at(-1)).toBe('--\r\n');
  return parts
    .slice(1, -1)
    .map((part) => part.replace(/^\r\n|\r\n$/g, '').replace('Content-Disposition: form-data; ', ''));
}

describe('a file of a form', () => {
  test.each<[unknown, string]>([
    ['aGVsbG8=', 'name="f"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\nhello'],
    ['not base64: é', 'name="f"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\nnot base64: é'],
    ['data:text/csv;base64,aGVsbG8=', 'name="f"; filename="f"\r\nContent-Type: text/csv\r\n\r\nhello'],
    [
      'data:text/csv;name=a%20b.csv;base64,aGVsbG8=',
      'name="f"; filename="a b.csv"\r\nContent-Type: text/csv\r\n\r\nhello',
    ],
    ['data:,100%', 'name="f"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\n100%'],
    ['data:,a%20b', 'name="f"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\na b'],
    [
      { filename: 'a"\r\nb.txt', content: 'aGVsbG8=', contentType: 'text/plain' },
      'name="f"; filename="a%22%0D%0Ab.txt"\r\nContent-Type: text/plain\r\n\r\nhello',
    ],
    [{ content: 'data:text/csv;base64,aGVsbG8=' }, 'name="f"; filename="f"\r\nContent-Type: text/csv\r\n\r\nhello'],
  ])('%j', (value, part) => {
    expect(partsOf(form({ f: FILE }), { f: value })).toStrictEqual([part]);
  });

  test('has the type that its encoding says', () => {
    const types = ['image/png, image/jpeg', 'image/*'];

    const parts = types.map((contentType) => partsOf(form({ f: FILE }, { f: { contentType } }), { f: 'aGVsbG8=' }));

    expect(parts.flat().map((part) => /Content-Type: (.*)/.exec(part)?.[1])).toStrictEqual([
      'image/png',
      'application/octet-stream',
    ]);
  });

  test('is one of several', () => {
    expect(partsOf(form({ f: { type: 'array', items: FILE } }), { f: ['YQ==', 'Yg=='] })).toStrictEqual([
      'name="f"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\na',
      'name="f"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\nb',
    ]);
  });

  test('is left out if it is null', () => {
    const type = ['string', 'null'];

    expect(partsOf(form({ f: { ...FILE, type }, p: {} }), { f: null, p: 'a' })).toStrictEqual(['name="p"\r\n\r\na']);
  });

  test('is one by its encoding alone', () => {
    expect(partsOf(form({ f: {} }, { f: { contentType: 'image/png' } }), { f: 'YQ==' })).toStrictEqual([
      'name="f"; filename="f"\r\nContent-Type: image/png\r\n\r\na',
    ]);
  });

  test('cannot end its part, nor add headers to it', () => {
    const contentType = 'text/plain\r\nX-Admin: 1';

    expect(partsOf(form({ f: FILE }), { f: { content: 'YQ==', contentType } })).toStrictEqual([
      'name="f"; filename="f"\r\nContent-Type: text/plain X-Admin: 1\r\n\r\na',
    ]);
  });
});

describe('a file of a form that is one argument', () => {
  const text = { type: 'string' };
  const object = (properties: JsonObject, more: JsonObject = {}) => ({ type: 'object', properties, ...more });
  const whole = (schema: JsonObject) => ({ requestBody: { content: { 'multipart/form-data': { schema } } } });
  const sent = 'name="f"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\nhello';

  test.each<[string, JsonObject]>([
    ['in one of several bodies', { oneOf: [object({ f: FILE }), object({ url: text })] }],
    ['in each of several bodies', { anyOf: [object({ f: FILE, a: text }), object({ f: FILE, b: text })] }],
    [
      'in a part of a body',
      { allOf: [{ anyOf: [object({ f: FILE }), object({ url: text })] }, object({ note: text })] },
    ],
    [
      'that one of several bodies has to have',
      { ...object({ f: FILE }), anyOf: [{ required: ['f'] }, object({ a: text })] },
    ],
    ['of any name', { type: 'object', additionalProperties: FILE }],
    ['of a name with a pattern', { type: 'object', patternProperties: { '^f': FILE }, additionalProperties: text }],
    ['beside properties of any name', object({ f: FILE }, { additionalProperties: text })],
    ['in a list, or null', object({ f: { type: ['array', 'null'], items: FILE } }, { additionalProperties: text })],
    ['or null', object({ f: { oneOf: [FILE, { type: 'null' }] } }, { additionalProperties: text })],
    [
      'or a list of files',
      object({ f: { oneOf: [FILE, { type: 'array', items: FILE }] } }, { additionalProperties: text }),
    ],
  ])('%s', (_what, schema) => {
    expect(partsOf(whole(schema), { body: { f: 'aGVsbG8=' } })).toStrictEqual([sent]);
  });

  test.each([
    ['aGVsbG8=', 'name="f"\r\n\r\naGVsbG8='],
    ['data:;base64,aGVsbG8=', sent],
  ])('or a text is a file if it says so: %s', (value, part) => {
    const schema = { oneOf: [object({ f: FILE }), object({ f: text })] };

    expect(partsOf(whole(schema), { body: { f: value } })).toStrictEqual([part]);
  });

  test.each<[string, JsonObject, unknown, string]>([
    [
      'a list of anything',
      object({ f: { type: 'array' } }, { additionalProperties: text }),
      ['aGVsbG8='],
      'name="f"\r\n\r\naGVsbG8=',
    ],
    [
      'what only the ninth alternative of alternatives names',
      Array.from({ length: 9 }).reduce<JsonObject>(
        (one) => ({ anyOf: [one, object({ other: text })] }),
        object({ f: FILE }),
      ),
      'aGVsbG8=',
      'name="f"\r\n\r\naGVsbG8=',
    ],
  ])('is not %s', (_what, schema, value, part) => {
    expect(partsOf(whole(schema), { body: { f: value } })).toStrictEqual([part]);
  });

  test('has texts beside it', () => {
    const schema = { oneOf: [object({ f: FILE, note: text }), object({ url: text })] };

    expect(partsOf(whole(schema), { body: { note: 'aGk=', f: 'aGVsbG8=' } })).toStrictEqual([
      'name="note"\r\n\r\naGk=',
      sent,
    ]);
  });
});

describe('another property of a form', () => {
  test.each<[JsonObject, unknown, readonly string[]]>([
    [{}, 'aGVsbG8=', ['name="p"\r\n\r\naGVsbG8=']],
    [{}, 5, ['name="p"\r\n\r\n5']],
    [{}, ['a', 'b'], ['name="p"\r\n\r\na', 'name="p"\r\n\r\nb']],
    [{}, { a: 1 }, ['name="p"\r\nContent-Type: application/json\r\n\r\n{"a":1}']],
    [{}, [{ a: 1 }], ['name="p"\r\nContent-Type: application/json\r\n\r\n{"a":1}']],
    [{ contentType: 'application/json' }, 'a', ['name="p"\r\nContent-Type: application/json\r\n\r\n"a"']],
    [{ contentType: 'application/json' }, ['a', 'b'], ['name="p"\r\nContent-Type: application/json\r\n\r\n["a","b"]']],
    [{ contentType: 'text/xml' }, '<a/>', ['name="p"\r\nContent-Type: text/xml\r\n\r\n<a/>']],
    [{ contentType: '*/*' }, 'a', ['name="p"\r\n\r\na']],
    [{ contentType: 'application/*+json' }, { a: 1 }, ['name="p"\r\nContent-Type: application/json\r\n\r\n{"a":1}']],
    [{ contentType: '' }, 'a', ['name="p"\r\n\r\na']],
    [{ style: 'deepObject' }, { a: 1 }, ['name="p[a]"\r\n\r\n1']],
    [{ style: 'form', explode: false }, ['a', 'b'], ['name="p"\r\n\r\na,b']],
    [
      { headers: { 'X-Kind': { schema: { const: 'main' } }, 'X-Free': { schema: { type: 'string' } } } },
      'a',
      ['name="p"\r\nX-Kind: main\r\n\r\na'],
    ],
    [
      {
        headers: {
          'X-One': { schema: { enum: ['only'] } },
          'X-Many': { schema: { enum: ['a', 'b'] } },
          'X-Default': { schema: { default: 5 } },
          'X-Unsaid': {},
          'X-None': 'none',
          'X-Object': { schema: { const: {} } },
          'X Bad': { schema: { const: 'a' } },
          'Content-Type': { schema: { const: 'text/html' } },
        },
      },
      'a',
      ['name="p"\r\nX-One: only\r\nX-Default: 5\r\n\r\na'],
    ],
  ])('%j %j', (encoding, value, parts) => {
    expect(partsOf(form({ p: {} }, { p: encoding }), { p: value })).toStrictEqual(parts);
  });

  test('is sent beside files', () => {
    expect(partsOf(form({ f: FILE, 'a[b]': { type: 'string' } }), { f: 'YQ==', a_b: 'x' })).toStrictEqual([
      'name="f"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\na',
      'name="a[b]"\r\n\r\nx',
    ]);
  });
});

test.each(['multipart/form-data', 'multipart/mixed', 'multipart/related'])('parts are sent as %s', (type) => {
  const { headers } = request(form({ p: {} }, {}, type), { p: 'a' });

  expect(headers['content-type']).toMatch(new RegExp(`^${type}; boundary=[\\w-]{36,70}$`));
});
