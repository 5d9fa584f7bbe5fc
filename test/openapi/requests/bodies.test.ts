import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../lib/json/json-object.js';
import { bodyOf, request } from './described-request.js';

const OBJECT = { type: 'object', properties: { a: {}, b: {} } };

function bodyAs(type: string, schema: object = OBJECT, more: object = {}): JsonObject {
  return { requestBody: { required: true, content: { [type]: { schema, ...more } } } };
}

describe('a JSON body', () => {
  test.each<[string, object, JsonObject, string]>([
    ['with nulls and empty values', OBJECT, { a: null, b: [] }, '{"a":null,"b":[]}'],
    ['without its optional properties', OBJECT, {}, '{}'],
    ['that is a list', { type: 'array' }, { body: [1, 'a', null] }, '[1,"a",null]'],
    ['that is an empty list', { type: 'array' }, { body: [] }, '[]'],
    ['that is a text', { type: 'string' }, { body: 'a' }, '"a"'],
    ['that is zero', { type: 'integer' }, { body: 0 }, '0'],
    ['that is false', { type: 'boolean' }, { body: false }, 'false'],
    ['that is null', { type: ['string', 'null'] }, { body: null }, 'null'],
    ['that is free', { type: 'object' }, { body: { é: '\u2028' } }, '{"é":"\u2028"}'],
  ])('%s', (_what, schema, args, body) => {
    const sent = request(bodyAs('application/json', schema), args);

    expect(bodyOf(sent)).toBe(body);
    expect(sent.headers).toStrictEqual({ 'content-type': 'application/json' });
  });

  test.each([
    ['application/json; charset=utf-8', 'application/json; charset=utf-8'],
    ['application/merge-patch+json', 'application/merge-patch+json'],
    ['application/*+json', 'application/json'],
    ['*/*', 'application/json'],
  ])('as %s', (type, sent) => {
    expect(request(bodyAs(type), { a: 1 }).headers).toStrictEqual({ 'content-type': sent });
  });

  test.each(['get', 'delete', 'put', 'patch'])('of %s', (method) => {
    expect(bodyOf(request({ method, ...bodyAs('application/json') }, { a: 1 }))).toBe('{"a":1}');
  });

  test('has properties of any name', () => {
    const properties = JSON.parse('{"__proto__": {}, "constructor": {}, "$a": {}, "b c": {}}') as JsonObject;
    const free = JSON.parse('{"__proto__": {"a": 1}, "x": {"__proto__": 2}}') as JsonObject;

    expect(bodyOf(request(bodyAs('application/json', { type: 'object' }), { body: free }))).toBe(JSON.stringify(free));
    expect(bodyOf(request(bodyAs('application/json', { type: 'object', properties }), { a: 1, b_c: 2 }))).toBe(
      '{"$a":1,"b c":2}',
    );
  });

  test('that may be left out is left out', () => {
    const requestBody = { content: { 'application/json': { schema: OBJECT } } };

    expect(request({ requestBody }, {})).toMatchObject({ headers: {}, body: new Uint8Array() });
  });

  test('is preferred to other types', () => {
    const content = { 'application/xml': {}, 'multipart/form-data': {}, 'application/json': { schema: OBJECT } };

    expect(request({ requestBody: { content } }, { a: 1 }).headers).toStrictEqual({
      'content-type': 'application/json',
    });
  });
});

describe('a form', () => {
  test.each<[object, JsonObject, string]>([
    [{}, { a: 'x y&z', b: 'é+' }, 'a=x%20y%26z&b=%C3%A9%2B'],
    [{}, { a: ['x', 'y'], b: null }, 'a=x&a=y&b='],
    [{ a: { explode: false } }, { a: ['x', 'y,z'] }, 'a=x,y%2Cz'],
    [{ a: { style: 'spaceDelimited' } }, { a: ['x', 'y'] }, 'a=x%20y'],
    [
      { a: { style: 'deepObject', explode: true } },
      { a: { b: { c: 1 }, d: ['x', { e: 2 }] } },
      'a[b][c]=1&a[d][0]=x&a[d][1][e]=2',
    ],
    [{ a: { style: 'deepObject', explode: true } }, { a: ['x', 'y'] }, 'a[]=x&a[]=y'],
    [{}, { a: { b: 1 } }, 'a[b]=1'],
    [{ a: { style: 'form' } }, { a: { b: 1, c: 2 } }, 'b=1&c=2'],
    [{ a: { contentType: 'application/json' } }, { a: { b: 'é' } }, 'a=%7B%22b%22%3A%22%C3%A9%22%7D'],
    [{ a: { allowReserved: true } }, { a: 'x/y&z' }, 'a=x/y%26z'],
    [{}, {}, ''],
  ])('%j %j', (encoding, args, body) => {
    const type = 'application/x-www-form-urlencoded';
    const sent = request(bodyAs(type, OBJECT, { encoding }), args);

    expect(bodyOf(sent)).toBe(body);
    expect(sent.headers).toStrictEqual({ 'content-type': type });
  });

  test('is empty if what is given has no properties', () => {
    const type = 'application/x-www-form-urlencoded';
    const sent = request(bodyAs(type, { type: 'array' }), { body: ['a'] });

    expect(bodyOf(sent)).toBe('');
    expect(sent.headers).toStrictEqual({ 'content-type': type });
  });
});

describe('a body that is text or bytes', () => {
  test.each<[string, string, string]>([
    ['text/plain', 'aGVsbG8=', 'aGVsbG8='],
    ['text/csv', 'a,é\r\n', 'a,é\r\n'],
    ['application/xml', '<a/>', '<a/>'],
    ['application/x-ndjson', '{}\n{}\n', '{}\n{}\n'],
    ['application/octet-stream', 'aGVsbG8=', 'hello'],
    ['application/octet-stream', 'plain octets é', 'plain octets é'],
    ['application/pdf', 'data:application/pdf;base64,aGVsbG8=', 'hello'],
    ['image/png', '', ''],
  ])('%s %j', (type, value, body) => {
    const sent = request(bodyAs(type, { type: 'string', format: 'binary' }), { body: value });

    expect(bodyOf(sent)).toBe(body);
    expect(sent.headers).toStrictEqual({ 'content-type': type });
  });

  test.each(['text/plain', 'application/octet-stream'])('%s is left out if there is none, or it is null', (type) => {
    const requestBody = { content: { [type]: { schema: { type: ['string', 'null'] } } } };

    expect(request({ requestBody }, {})).toMatchObject({ headers: {}, body: new Uint8Array() });
    expect(request({ requestBody }, { body: null })).toMatchObject({ headers: {}, body: new Uint8Array() });
  });

  test('may be a value that is no text, which is written as JSON', () => {
    expect(bodyOf(request(bodyAs('application/octet-stream', {}), { body: { a: 1 } }))).toBe('{"a":1}');
  });
});
