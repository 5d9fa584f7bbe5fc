import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DocumentLimits } from '../../../lib/openapi/documents/document-limits.js';
import { loadDocument } from '../../../lib/openapi/documents/load-document.js';
import { createFolder, type TemporaryFolder } from './temporary-files.js';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

async function explain(content: string, documentLimits: DocumentLimits = {}): Promise<string> {
  const document = await folder.write('api.yaml', content);
  return await loadDocument({ document, documentLimits }).then(
    () => 'loaded',
    (error: unknown) => (error as Error).message,
  );
}

/** YAML whose aliases mean nine times as much at each level. */
function createBomb(levels: number): string {
  const lines = ['openapi: 3.1.0', 'a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level <= levels; level += 1) {
    const alias = `*a${level - 1}`;
    lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => alias).join(', ')}]`);
  }
  return lines.join('\n');
}

function nest(open: string, close: string, levels: number): string {
  return `openapi: 3.1.0\nx: ${open.repeat(levels)}${close.repeat(levels)}\n`;
}

describe('what is too much is refused, with the option', () => {
  test.each<[string, string, string, DocumentLimits?]>([
    [
      'aliases of aliases in YAML',
      createBomb(9),
      'has aliases of aliases, which mean too many values: `documentLimits.maxAliases`',
    ],
    [
      'aliases of aliases that the limit lets pass',
      createBomb(6),
      '`documentLimits.maxValues` is 1000',
      { maxAliases: 1e9, maxValues: 1_000 },
    ],
    [
      'aliases',
      `openapi: 3.1.0\nx: &x 1\ny: [${'*x,'.repeat(11)}]`,
      'has too many aliases: `documentLimits.maxAliases` is 10',
      { maxAliases: 10 },
    ],
    ['lists in lists', nest('[', ']', 300), 'has too many levels: `documentLimits.maxDepth` is 200. Raise it'],
    ['lists in lists, without end', nest('[', '', 100_000), '`documentLimits.maxDepth`'],
    ['lists in lists, on one line', `openapi: 3.1.0\nx: \n  ${'- '.repeat(100_000)}a\n`, '`documentLimits.maxDepth`'],
    [
      'levels that the limit lets pass, and the parser does not',
      nest('[', ']', 12_000),
      'has too many levels: `documentLimits.maxDepth`',
      { maxDepth: 1e6 },
    ],
    ['objects in objects', nest('{ a: ', '}', 300), '`documentLimits.maxDepth` is 200'],
    [
      'JSON in JSON',
      `{"openapi": "3.1.0", "x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      '`documentLimits.maxDepth` is 200',
    ],
    [
      'levels of an own limit',
      '{"openapi": "3.1.0", "x": {"y": {"z": {}}}}',
      '`documentLimits.maxDepth` is 3',
      { maxDepth: 3 },
    ],
    ['bytes', `openapi: 3.1.0\nx: ${'a'.repeat(1_000)}`, 'is too large', { maxSize: 1_000 }],
    ['values', '{"openapi": "3.1.0", "x": [1, 2, 3, 4]}', 'has too many values', { maxValues: 5 }],
    [
      'references',
      '{"openapi": "3.1.0", "x": [{"$ref": "#/a"}, {"$ref": "#/a"}]}',
      'has one reference too many',
      { maxReferences: 1 },
    ],
  ])('%s', async (...[, content, problem, limits]) => {
    expect(await explain(content, limits)).toContain(problem);
  });

  test('many keys are read in a time that grows with their number', async () => {
    const keys = Array.from({ length: 100_000 }, (_one, index) => `k${index}: 1`).join('\n');

    expect(await explain(`openapi: 3.1.0\n${keys}\n`)).toBe('loaded');
    expect(await explain(`openapi: 3.1.0\n${keys}\nk5: 2\n`)).toContain('has `k5` twice in one object');
  });

  test('time, also while YAML is parsed', async () => {
    const lines = Array.from({ length: 200_000 }, (_one, index) => `k${index}: 1`).join('\n');

    expect(await explain(`openapi: 3.1.0\n${lines}\n`, { timeoutMs: 1 })).toContain('takes too long to read');
  });

  test('a function that does not return', async () => {
    const document = () => new Promise<string>(() => undefined);

    await expect(loadDocument({ document, documentLimits: { timeoutMs: 20 } })).rejects.toThrow(
      'document: takes too long to read: `documentLimits.timeoutMs` is 20',
    );
  });

  test.each<[string, DocumentLimits]>([
    ['is one file too many: `documentLimits.maxFiles` is 10', { maxFiles: 10 }],
    ['is too large, with the files that were read before', { maxSize: 400 }],
    ['has one reference too many', { maxReferences: 10 }],
  ])('files that refer to each other without end: %s', async (problem, documentLimits) => {
    for (let index = 0; index < 30; index += 1)
      await folder.write(`f${index}.json`, { $ref: `f${index + 1}.json`, x: 'x'.repeat(20) });
    const document = await folder.write('api.json', { openapi: '3.1.0', x: { $ref: 'f0.json' } });

    await expect(loadDocument({ document, documentLimits })).rejects.toThrow(problem);
  });
});
