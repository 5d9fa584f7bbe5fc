import { describe, expect, test } from '@jest/globals';
import { UriTemplate } from '@modelcontextprotocol/server';
import { comparePatterns } from '../../lib/resource-server/resource-uris/pattern-relation.js';
import { UriPattern } from '../../lib/resource-server/resource-uris/uri-pattern.js';
import type { TemplatePart } from '../../lib/resource-server/resource-uris/uri-template.js';

function valuesOf(template: string, uri: string): Record<string, string> | undefined {
  const values = UriPattern.parse(template).match(uri);
  return values && Object.fromEntries([...values].map(([{ name }, value]) => [name, value]));
}

describe('a template', () => {
  test.each<[string, string, Record<string, string>]>([
    ['x://{a}', 'x://1', { a: '1' }],
    ['x://{a}/{b}', 'x://1/2', { a: '1', b: '2' }],
    ['x://{+a}', 'x://1/2?3#4', { a: '1/2?3#4' }],
    ['x://y{#a}', 'x://y#1/2', { a: '1/2' }],
    ['x://y{.a}', 'x://y.tar.gz', { a: 'tar.gz' }],
    ['x://y{/a,b}', 'x://y/1/2', { a: '1', b: '2' }],
    ['x://y{;a,b}', 'x://y;a=1;b=2', { a: '1', b: '2' }],
    ['x://y{?a,b}{&c}', 'x://y?a=1&b=2&c=/3', { a: '1', b: '2', c: '/3' }],
    ['x://{a,b}', 'x://1,2', { a: '1', b: '2' }],
    ['x://{a*}', 'x://1,2', { a: '1,2' }],
    ['x://y{/a*}', 'x://y/1/2', { a: '1/2' }],
    // Earlier variables take as much as they can.
    ['x://{a}.{b}', 'x://1.2.3', { a: '1.2', b: '3' }],
    ['x://{+a}/{+b}', 'x://1/2/3', { a: '1/2', b: '3' }],
    ['x://{+a}{b}', 'x://1/23', { a: '1/2', b: '3' }],
  ])('%s reads the values of %s', (template, uri, values) => {
    expect(valuesOf(template, uri)).toEqual(values);
  });

  test.each([
    ['x://{a}', 'x://'],
    ['x://{a}', 'x://1/2'],
    ['x://{a}', 'x://1,2'],
    ['x://{a}', 'x://1?2'],
    ['x://{a}', 'X://1'],
    ['x://{a}y', 'x://1'],
    ['x://{+a}/', 'x:///'],
    ['x://y{?a,b}', 'x://y?b=1&a=2'],
    ['x://y{?a}', 'x://y?a=1#2'],
  ])('%s does not match %s', (template, uri) => {
    expect(valuesOf(template, uri)).toBeUndefined();
  });

  test.each([
    ['x://{a', 'brace'],
    ['x://a}', 'brace'],
    ['x://{a}}', 'brace'],
    ['x://{{a}}', 'brace'],
    ['x://{}', '"{}"'],
    ['x://{a b}', '"{a b}"'],
    ['x://{a,}', '"{a,}"'],
    ['x://{|a}', '"{|a}"'],
    ['x://{a}/{a}', '"a" twice'],
    ['x://{a:3}', 'cuts "a" off'],
    ['x://y{?a*}', '"a" any number of times'],
  ])('%s is none that URIs can be matched with', (template, reason) => {
    expect(() => UriPattern.parse(template)).toThrow(reason);
  });

  // A variable of a path has no query here, unlike in the SDK.
  const [path, query] = [
    ['1', 'y', '/', '.'],
    ['1', '/', '?a=', '&b='],
  ];
  test.each([
    ['x://{a}', path],
    ['x://{+a}', [...path, ...query]],
    ['x://{+a}/{b}', path],
    ['x://{a}.{b}', path],
    ['x://{+a}y{+b}', path],
    ['x://y{/a}', path],
    ['x://1{?a,b}', query],
  ])('%s reads what the SDK reads', (template, pieces) => {
    const uris = ['x://'];
    for (let length = 1, last = uris; length <= 4; length += 1) {
      last = last.flatMap((uri) => pieces.map((piece) => uri + piece));
      uris.push(...last);
    }
    const ours = uris.map((uri) => [uri, valuesOf(template, uri)]);
    expect(ours).toEqual(uris.map((uri) => [uri, new UriTemplate(template).match(uri) ?? undefined]));
  });
});

describe('the work of matching', () => {
  /** Looks at characters, for a template and a URI. */
  function countLooks(template: string, uri: string): number {
    let looks = 0;
    const parts = UriPattern.parse(template).parts.map((part): TemplatePart =>
      typeof part === 'string'
        ? part
        : {
            ...part,
            accepts: (code) => {
              looks += 1;
              return part.accepts(code);
            },
          },
    );
    new UriPattern(parts).match(uri);
    return looks;
  }

  test.each([
    ['x://{+a}{+b}{+c}', 'x://', 'a', ''],
    ['x://{+a}{+b}{+c}!', 'x://', 'a', '?'],
    ['x://{+a}/{+b}/{+c}/{+d}', 'x://', '/', ''],
    ['x://{+a}/{+b}/{+c}/{+d}!', 'x://', 'a/', ''],
    ['x://{a}.{b}.{c}.{d}', 'x://', '.', '/'],
    ['x://{a*}{b*}{c*}', 'x://', 'a,', '/'],
    ['x://{a}{b}{c}{d}{e}{f}', 'x://', 'a', '/'],
    ['x://y{?a,b,c}', 'x://y?a=', '&b=', '#'],
  ])('%s is linear in the URI', (template, head, repeated, tail) => {
    const looksAt = (times: number) => countLooks(template, head + repeated.repeat(times) + tail);
    const [some, twice] = [looksAt(1_000), looksAt(2_000)];
    const { variables } = UriPattern.parse(template);
    expect(twice).toBeLessThanOrEqual(2 * some);
    expect(twice).toBeLessThanOrEqual(2 * variables.length * (head.length + 2_000 * repeated.length + tail.length + 1));
  });
});

test.each([
  ['x://{a}', 'y://{a}', 'disjoint'],
  ['x://{a}', 'x://{a}/{b}', 'disjoint'],
  ['x://{a}', 'x://{b}', 'equal'],
  ['x://{a}', 'x://{+a}', 'within'],
  ['x://{+a}', 'x://{a}/{b}', 'around'],
  ['x://y/{a}', 'x://{+a}', 'within'],
  ['x://y', 'x://{a}', 'within'],
  ['x://y/z', 'x://{a}', 'disjoint'],
  ['x://{a}/y', 'x://y/{a}', 'overlapping'],
  ['x://{a}.json', 'x://y.{b}', 'overlapping'],
  ['x://{+a}/{b}', 'x://{a}/{+b}', 'overlapping'],
  ['{+a}', 'x://{a}', 'around'],
  ['x://{a*}', 'x://{a}', 'around'],
  ['x://y{?a}', 'x://y', 'disjoint'],
])('the URIs of %s and of %s: %s', (one, other, relation) => {
  const [a, b] = [UriPattern.parse(one), UriPattern.parse(other)];
  expect(comparePatterns(a, b)).toBe(relation);
  const turned = { within: 'around', around: 'within' }[relation] ?? relation;
  expect(comparePatterns(b, a)).toBe(turned);
});
