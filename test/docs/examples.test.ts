import { beforeAll, expect, test } from '@jest/globals';
import { documents, examplesIn, type Example } from './documents.js';
import { sourceOf } from './example-source.js';
import { complaintsOf } from './type-checker.js';

const all = examplesIn(documents).filter(({ path }) => path === undefined);
const compiled = all.filter(({ isSkipped }) => !isSkipped);

/** It would change the types of all others. */
const isAlone = ({ code }: Example) => code.includes("declare module 'nestjs-mcp-auth'");

const complaints = new Map<string, string[]>();

function compile(examples: readonly Example[]) {
  const files = new Map(examples.map((example, index) => [`test/docs/example-${index}.ts`, example]));
  const sources = new Map([...files].map(([path, example]) => [path, sourceOf(example)]));
  for (const { file, line, message } of complaintsOf(new Map([...sources].map(([path, { text }]) => [path, text])))) {
    const { place, file: document, line: start } = files.get(file) as Example;
    const offset = sources.get(file)?.offset ?? 0;
    complaints.set(place, [...(complaints.get(place) ?? []), `${document}:${line - offset + start - 1}: ${message}`]);
  }
}

beforeAll(() => {
  compile(compiled.filter((example) => !isAlone(example)));
  for (const example of compiled.filter(isAlone)) compile([example]);
});

test('the documents have examples', () => {
  expect(all.length).toBeGreaterThan(40);
});

test('all of them are compiled', () => {
  expect(all.filter(({ isSkipped }) => isSkipped).map(({ place }) => place)).toEqual([]);
});

test.each(compiled.map(({ place }) => place))('the example at %s compiles', (place) => {
  expect(complaints.get(place) ?? []).toEqual([]);
});
