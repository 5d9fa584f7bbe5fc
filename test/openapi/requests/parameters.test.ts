import { describe, expect, test } from '@jest/globals';
import { request } from './described-request.js';

const LIST = ['blue', 'black', 'a,b'];
const OBJECT = { R: 100, G: 'a&b', B: true };

/** OpenAPI 3.1.1, Style Examples, with characters that have to be encoded. */
describe('a parameter of a query is written by its style', () => {
  test.each<[object, unknown, string]>([
    [{}, 'a b+c%d&e=f#g?h/i;j\\k', 'c=a%20b%2Bc%25d%26e%3Df%23g%3Fh%2Fi%3Bj%5Ck'],
    [{}, 'é 中 😀', 'c=%C3%A9%20%E4%B8%AD%20%F0%9F%98%80'],
    [{}, '', 'c='],
    [{}, 0, 'c=0'],
    [{}, false, 'c=false'],
    [{}, 1e21, 'c=1000000000000000000000'],
    [{}, 9007199254740991, 'c=9007199254740991'],
    [{}, 1.5, 'c=1.5'],
    [{}, LIST, 'c=blue&c=black&c=a%2Cb'],
    [{ explode: false }, LIST, 'c=blue,black,a%2Cb'],
    [{ style: 'spaceDelimited' }, LIST, 'c=blue%20black%20a%2Cb'],
    [{ style: 'pipeDelimited' }, LIST, 'c=blue%7Cblack%7Ca%2Cb'],
    [{ style: 'pipeDelimited', explode: true }, LIST, 'c=blue&c=black&c=a%2Cb'],
    [{}, OBJECT, 'R=100&G=a%26b&B=true'],
    [{ explode: false }, OBJECT, 'c=R,100,G,a%26b,B,true'],
    [{ style: 'spaceDelimited' }, OBJECT, 'c=R%20100%20G%20a%26b%20B%20true'],
    [{ style: 'pipeDelimited' }, OBJECT, 'c=R%7C100%7CG%7Ca%26b%7CB%7Ctrue'],
    [{ style: 'deepObject' }, OBJECT, 'c[R]=100&c[G]=a%26b&c[B]=true'],
    [{ style: 'deepObject' }, { a: { b: ['x', 'y'] } }, 'c[a][b][]=x&c[a][b][]=y'],
    [{ style: 'deepObject' }, { a: [{ b: 1 }, { b: 2 }] }, 'c[a][0][b]=1&c[a][1][b]=2'],
    [{ style: 'deepObject' }, { 'a]&b': 1 }, 'c[a%5D%26b]=1'],
    [{ style: 'deepObject' }, { a: null }, 'c[a]='],
    [{ allowReserved: true }, "a/b:c?d@e[f]!$'()*,;", "c=a/b:c?d@e[f]!$'()*,;"],
    [{ allowReserved: true }, 'a&b=c#d+e%f g', 'c=a%26b%3Dc%23d%2Be%25f%20g'],
    [{ allowReserved: true }, ['a/b', 'c:d'], 'c=a/b&c=c:d'],
    [{ content: { 'application/json': {} } }, { a: ['é&'] }, 'c=%7B%22a%22%3A%5B%22%5Cu00e9%26%22%5D%7D'],
    [{ content: { 'application/vnd.x+json': {} } }, 'a', 'c=%22a%22'],
    [{ content: { 'text/plain': {} } }, 'a b', 'c=a%20b'],
  ])('%j %j', (said, value, query) => {
    const described = { method: 'get', parameters: [{ name: 'c', in: 'query', ...said }] };

    expect(request(described, { c: value }).target).toBe(`/x?${query}`);
  });

  test.each([[null], [[]], [{}]])('%j is left out', (value) => {
    for (const said of [{}, { explode: false }, { style: 'deepObject' }])
      expect(request({ parameters: [{ name: 'c', in: 'query', ...said }] }, { c: value }).target).toBe('/x');
  });

  test('in the order of the document, with the query that the path has', () => {
    const parameters = ['b', 'a[]', '$c'].map((name) => ({ name, in: 'query' }));

    const { target } = request({ path: '/x?action=list#second', parameters }, { a: '2', b: '1', c: '3' });

    expect(target).toBe('/x?action=list&b=1&a%5B%5D=2&%24c=3');
  });
});

describe('a parameter of a path is written by its style', () => {
  test.each<[object, unknown, string]>([
    [{}, 'a b+c%d&e=f#g?h/i;j\\k', '/x/a%20b%2Bc%25d%26e%3Df%23g%3Fh%2Fi%3Bj%5Ck/y'],
    [{}, 0, '/x/0/y'],
    [{}, LIST, '/x/blue,black,a%2Cb/y'],
    [{ explode: true }, LIST, '/x/blue,black,a%2Cb/y'],
    [{}, OBJECT, '/x/R,100,G,a%26b,B,true/y'],
    [{ explode: true }, OBJECT, '/x/R=100,G=a%26b,B=true/y'],
    [{ style: 'label' }, 'blue', '/x/.blue/y'],
    [{ style: 'label' }, LIST, '/x/.blue,black,a%2Cb/y'],
    [{ style: 'label', explode: true }, LIST, '/x/.blue.black.a%2Cb/y'],
    [{ style: 'label' }, OBJECT, '/x/.R,100,G,a%26b,B,true/y'],
    [{ style: 'label', explode: true }, OBJECT, '/x/.R=100.G=a%26b.B=true/y'],
    [{ style: 'matrix' }, 'blue', '/x/;c=blue/y'],
    [{ style: 'matrix' }, LIST, '/x/;c=blue,black,a%2Cb/y'],
    [{ style: 'matrix', explode: true }, LIST, '/x/;c=blue;c=black;c=a%2Cb/y'],
    [{ style: 'matrix' }, OBJECT, '/x/;c=R,100,G,a%26b,B,true/y'],
    [{ style: 'matrix', explode: true }, OBJECT, '/x/;R=100;G=a%26b;B=true/y'],
    [{ content: { 'application/json': {} } }, { a: 1 }, '/x/%7B%22a%22%3A1%7D/y'],
  ])('%j %j', (said, value, target) => {
    const parameters = [{ name: 'c', in: 'path', required: true, ...said }];

    expect(request({ method: 'get', path: '/x/{c}/y', parameters }, { c: value }).target).toBe(target);
  });

  test.each([
    ['/x/{a}.{b}', '/x/1.2'],
    ['/x/{a}{b}', '/x/12'],
    ['/x/{a}:cancel', '/x/1:cancel'],
    ["/x('{a}')/$value", "/x('1')/$value"],
    ['/x/{a}/ü and |{b}', '/x/1/%C3%BC%20and%20%7C2'],
    ['/x/{a}/{a}', '/x/1/1'],
    ['/{a}', '/1'],
  ])('%s', (path, target) => {
    expect(request({ method: 'get', path }, { a: '1', b: '2' }).target).toBe(target);
  });
});

describe('a parameter of a header or of a cookie is written by its style', () => {
  test.each<[object, unknown, string]>([
    [{}, 'a b, "c"; é', 'a b, "c"; é'],
    [{}, 5, '5'],
    [{}, LIST, 'blue,black,a,b'],
    [{}, { a: 1, b: 2 }, 'a,1,b,2'],
    [{ explode: true }, { a: 1, b: 2 }, 'a=1,b=2'],
    [{ content: { 'application/json': {} } }, { a: '中' }, String.raw`{"a":"\u4e2d"}`],
  ])('%j %j', (said, value, header) => {
    const parameters = [{ name: 'X-C', in: 'header', ...said }];

    expect(request({ parameters }, { 'X-C': value }).headers).toStrictEqual({ 'x-c': header });
  });

  test.each([['a\r\nx-admin: 1'], ['a\0'], ['中'], [' a'], ['a\t']])('%j cannot be a header', (value) => {
    const parameters = [{ name: 'X-C', in: 'header' }];

    expect(() => request({ parameters }, { 'X-C': value })).toThrow(/^X-C: /);
  });

  test.each<[object, unknown, string]>([
    [{}, 'a;b=c d', 'c=a%3Bb%3Dc%20d'],
    [{ explode: false }, ['a', 'b,c'], 'c=a,b%2Cc'],
    [{}, ['a', 'b'], 'c=a; c=b'],
    [{}, { a: 1, b: 2 }, 'a=1; b=2'],
  ])('cookie %j %j', (said, value, cookie) => {
    const parameters = [{ name: 'c', in: 'cookie', ...said }];

    expect(request({ parameters }, { c: value }).headers).toStrictEqual({ cookie });
  });

  test.each(['query', 'path', 'cookie'])('half of a character is refused in %s', (place) => {
    const parameters = [{ name: 'c', in: place }];

    expect(() => request({ path: '/{c}', parameters }, { c: '\ud800' })).toThrow(/half of a surrogate pair/);
  });
});

test.each([
  ['/x/{a}', {}],
  ['/x/{a}', { a: '' }],
  ['/x/{a}', { a: [] }],
])('%s with %j is refused: a part of the path has to have a value', (path, args) => {
  expect(() => request({ method: 'get', path }, args)).toThrow(
    'a: has to have a value, because it is a part of the path',
  );
});

test('each of several parameters of one name is sent', () => {
  const parameters = ['path', 'query', 'header', 'cookie'].map((place) => ({ name: 'id', in: place }));
  const requestBody = { content: { 'application/json': { schema: { properties: { id: {} } } } } };

  const { target, headers, body } = request(
    { path: '/x/{id}', parameters, requestBody },
    { id: '1', query_id: '2', header_id: '3', cookie_id: '4', body_id: '5' },
  );

  expect(target).toBe('/x/1?id=2');
  expect(headers).toMatchObject({ id: '3', cookie: 'id=4' });
  expect(Buffer.from(body).toString()).toBe('{"id":"5"}');
});

describe('a header that overrides the method', () => {
  const send = (method: string, name: string, value: string) =>
    request({ method, parameters: [{ name, in: 'header' }] }, { [name]: value }).headers;

  test('is left out if it is null', () => {
    const parameters = [{ name: 'X-HTTP-Method-Override', in: 'header' }];

    expect(request({ parameters }, { 'X-HTTP-Method-Override': null }).headers).toStrictEqual({});
  });

  test.each([
    ['post', 'X-HTTP-Method-Override', 'GET'],
    ['post', 'X-HTTP-Method-Override', 'post'],
    ['post', 'X_HTTP_Method', 'QUERY'],
    ['put', 'X-Method-Override', 'PUT'],
    ['post', 'X-HTTP-Method-Override', 'v0x'],
  ])('of %s: %s may say %s', (method, name, value) => {
    expect(send(method, name, value)).toStrictEqual({ [name.toLowerCase()]: value });
  });

  test.each([
    ['post', 'X-HTTP-Method-Override', 'DELETE'],
    ['post', 'X-HTTP-Method-Override', 'delete, GET'],
    ['post', 'X_HTTP_Method', 'PUT'],
    ['get', 'X-Method-Override', 'POST'],
    ['get', 'Method-Override', 'PROPPATCH'],
    ['put', 'HTTP-Method-Override', 'GET,PATCH'],
  ])('of %s: %s cannot say %s', (method, name, value) => {
    expect(() => send(method, name, value)).toThrow(`${name}: can name ${method.toUpperCase()}, or a method that only`);
  });
});
