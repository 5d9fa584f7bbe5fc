import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { comparePatterns } from '../../lib/resource-server/resource-uris/pattern-relation.js';
import { PatternIndex } from '../../lib/resource-server/resource-uris/pattern-index.js';
import { PrefixTree } from '../../lib/resource-server/resource-uris/prefix-tree.js';
import { UriIndex } from '../../lib/resource-server/resource-uris/uri-index.js';
import { UriPattern } from '../../lib/resource-server/resource-uris/uri-pattern.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '\ud83d', '\ude00'), maxLength: 5 });

/** What is added, and whether it is removed again. */
const steps = fc.array(fc.record({ text, isRemoved: fc.boolean() }), { maxLength: 20 });

describe('a tree of texts', () => {
  test('finds what a look at each text finds', () => {
    fc.assert(
      fc.property(steps, text, (added, wanted) => {
        const tree = new PrefixTree<object>();
        for (const one of added) tree.add(one.text, one);
        for (const one of added) if (one.isRemoved) tree.delete(one.text, one);
        const left = added.filter(({ isRemoved }) => !isRemoved);
        const shorter = left.filter((one) => one.text.length < wanted.length && wanted.startsWith(one.text));
        const near = left.filter((one) => one.text.startsWith(wanted) || wanted.startsWith(one.text));
        for (const [selection, expected] of [
          [tree.selectShorter(wanted), shorter],
          [tree.selectNear(wanted), near],
        ] as const) {
          expect(new Set(selection.list())).toEqual(new Set(expected));
          expect(selection.size).toBe(expected.length);
        }
      }),
    );
  });
});

const template = fc
  .array(fc.constantFrom('a', 'b', '/', 'ab', '{x}', '{+y}', '{/z}'), { minLength: 1, maxLength: 4 })
  .filter((parts) => new Set(parts).size === parts.length)
  .map((parts) => `s:${parts.join('')}`);
const uri = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 5 }).map((rest) => `s:${rest}`);

describe('an index of patterns', () => {
  test('leaves out nothing that may meet', () => {
    fc.assert(
      fc.property(fc.array(template, { maxLength: 10 }), template, (templates, wanted) => {
        const index = new PatternIndex<UriPattern>();
        const patterns = templates.map((one) => UriPattern.parse(one));
        for (const one of patterns) index.add(one, one);
        const pattern = UriPattern.parse(wanted);
        const near = index.listNear(pattern);
        for (const one of patterns)
          expect(near.includes(one) || comparePatterns(one, pattern) === 'disjoint').toBe(true);
      }),
    );
  });

  test('finds the most specific of all that match', () => {
    fc.assert(
      fc.property(fc.uniqueArray(template, { maxLength: 8 }), fc.nat(7), uri, (templates, removed, wanted) => {
        const index = new UriIndex<UriPattern>();
        const patterns = templates.map((one) => UriPattern.parse(one));
        for (const one of patterns) index.add(one, one);
        for (const one of patterns.splice(removed, 1)) index.remove(one, one);
        const isExact = ({ variables }: UriPattern) => variables.length === 0;
        const matching = patterns.filter((one) => one.match(wanted));
        const exact = matching.filter(isExact);
        const expected =
          exact.length > 0
            ? exact
            : matching.filter((one) => !matching.some((other) => comparePatterns(other, one) === 'within'));
        expect(index.findMostSpecific(wanted)).toEqual(expected);
        expect(index.find(wanted)?.item).toBe(expected[0]);
      }),
    );
  });
});
