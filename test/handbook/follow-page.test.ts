import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Desk, type Setting } from './desk.js';
import { readPage } from './page.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pages-'));
});
afterAll(() => rm(folder, { recursive: true }));

const block = (language: string, ...lines: string[]) => [`\`\`\`${language}`, ...lines, '```', ''].join('\n');

/** A server that says its name at its address, until somebody stops it. */
const SERVER = block(
  'js',
  "import { createServer } from 'node:http';",
  "createServer((request, response) => response.end(process.argv[2] + ' at ' + request.url + '\\n')).listen(3000, () => {",
  "  console.log('a line before');",
  "  console.log('%s listens on http://localhost:3000', process.argv[2]);",
  '});',
);

async function follow(lines: readonly string[], setting: Setting = {}): Promise<void> {
  const page = join(folder, 'page.md');
  await writeFile(page, ['# A page', ...lines].join('\n\n'));
  const desk = await Desk.open(page, setting);
  try {
    for (const { heading } of readPage(page)) await desk.follow(page, heading);
  } finally {
    await desk.close();
  }
}

describe('a page that tells the truth', () => {
  test.each<[string, readonly string[]]>([
    ['shows what a command prints', [block('sh', 'echo one', 'echo two >&2'), block('text', 'one', 'two')]],
    ['leaves out what is different each time', [block('sh', 'echo "at $(date), done"'), block('text', 'at …, done')]],
    ['leaves out lines', [block('sh', 'seq 9'), block('text', '1', '…', '8', '9')]],
    [
      'shows JSON laid out to be read',
      [
        block('sh', `echo '{"id":"x1","list":[1,2],"more":true}'`),
        block('json', '{', '  "list": [1, "…"],', '  "id": "x…",', '  "…": "…"', '}'),
      ],
    ],
    [
      'has variables and folders that stay',
      [block('sh', 'NAME=alice', 'mkdir a', 'cd a'), block('sh', 'test $NAME = alice', 'test $(basename $PWD) = a')],
    ],
    ['has files', ['`src/a.txt`:', block('text', 'content'), block('sh', 'cat src/a.txt'), block('text', 'content')]],
    [
      'starts servers, and stops them',
      [
        '`server.mjs`:',
        SERVER,
        'In a second terminal, start it:',
        block('sh', 'node server.mjs one'),
        block('text', 'one listens on http://localhost:3000'),
        block('sh', 'curl -s http://localhost:3000/a'),
        block('text', 'one at /a'),
        '## Another section',
        'Stop it with Ctrl+C in the second terminal, and start it again:',
        block('sh', 'node server.mjs two'),
        block('text', 'two listens on …'),
        'Ask it:',
        block('sh', 'curl -s http://localhost:3000/b'),
        block('text', 'two at /b'),
      ],
    ],
    ['leaves a block out, and says why', ['<!-- not run: it takes a day -->', block('sh', 'false')]],
    ['has blocks that are there to be read', [block('ts', 'const a = 1;'), block('mermaid', 'graph')]],
  ])('%s', async (_what, lines) => {
    await expect(follow(lines)).resolves.toBeUndefined();
  });

  test('is answered by somebody', async () => {
    const came: string[] = [];
    const act = async ([, address = '']: RegExpExecArray) => {
      came.push(await (await fetch(address)).text());
    };
    const client = block(
      'js',
      "import { createServer } from 'node:http';",
      'const server = createServer((_request, response) => { response.end("signed in"); server.close(); });',
      "server.listen(3000, () => console.log('Open http://localhost:3000/sign-in'));",
    );
    await follow(
      ['`client.mjs`:', client, block('sh', 'node client.mjs'), block('text', 'Open http://localhost:3000/…')],
      {
        answers: [{ to: /Open (\S+)/g, act }],
      },
    );
    expect(came).toEqual(['signed in']);
  });
});

describe('a page that does not', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['shows something else', [block('sh', 'echo one'), block('text', 'two')], /page\.md:9 shows\ntwo\n.*\none$/s],
    ['shows less', [block('sh', 'seq 3'), block('text', '1', '2')], /shows/],
    ['shows more JSON', [block('sh', `echo '{"a":1}'`), block('json', '{ "a": 1, "b": 2 }')], /shows/],
    ['shows less JSON', [block('sh', `echo '{"a":1,"b":2}'`), block('json', '{ "a": 1 }')], /shows/],
    ['has a command that fails', [block('sh', 'false', 'true')], /page\.md:4 ended with 1/],
    ['has a variable that nobody set', [block('sh', 'echo $NOBODY')], /ended with/],
    [
      'shows what a server never says',
      ['In a second terminal:', block('sh', 'echo one'), block('text', 'two')],
      /the command ended after this:\none$/,
    ],
    [
      'has a block of which nobody knows what to do with it',
      [block('yaml', 'a: 1')],
      /page\.md:4: what is a reader to do/,
    ],
  ])('%s', async (_what, lines, complaint) => {
    await expect(follow(lines)).rejects.toThrow(complaint);
  });
});
