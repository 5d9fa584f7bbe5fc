import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';

const GUARD = 'lib/entry/endpoint/endpoint.guard.ts';
const CALLER = 'lib/resource-server/access/caller.ts';

/** A house in which each file but the first three does what the plan forbids. */
const FILES: Readonly<Record<string, string>> = {
  [GUARD]: 'export type Guard = string;\nexport const guard = 1;\n',
  [CALLER]: 'export type Caller = string;\nexport const nobody = 1;\n',
  'lib/observability/allowed.ts': `import type { Caller } from '../resource-server/access/caller.js';\nexport type Of = Caller;\n`,
  'lib/observability/value.ts': `export { nobody } from '../resource-server/access/caller.js';\n`,
  'lib/mcp/tasks/value.ts': `import { guard } from '../../entry/endpoint/endpoint.guard.js';\nexport const one = guard;\n`,
  'lib/mcp/tasks/type.ts': `import type { Guard } from '../../entry/endpoint/endpoint.guard.js';\nexport type One = Guard;\n`,
  'lib/mcp/tasks/inline.ts': `export type One = import('../../entry/endpoint/endpoint.guard.js').Guard;\n`,
  'lib/mcp/tasks/reexport.ts': `export { guard } from '../../entry/endpoint/endpoint.guard.js';\n`,
  'lib/mcp/tasks/sibling.ts': `export { server } from '../protocol/server.js';\n`,
  'lib/mcp/protocol/server.ts': 'export const server = 1;\n',
  'lib/errors/one.ts': `import type { Other } from './other.js';\nexport type One = Other;\n`,
  'lib/errors/other.ts': `import type { One } from './one.js';\nexport type Other = One;\n`,
  'lib/utils/one.ts': `export { nobody } from '../resource-server/access/caller.js';\n`,
};

let faults = '';

beforeAll(async () => {
  faults = await check(FILES);
});

/** What the check prints of a house of these files, whose drawing is another's. */
async function check(house: Readonly<Record<string, string>>): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'house-'));
  await cp('.prettierrc.json', join(place, '.prettierrc.json'));
  const guide = await readFile('CONTRIBUTING.md', 'utf8');
  const files = { ...house, 'CONTRIBUTING.md': guide.replace('mcp ==> on_behalf_of', 'on_behalf_of ==> mcp') };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(place, path)), { recursive: true });
    await writeFile(join(place, path), text);
  }
  const program = resolve('house/check.js');
  const printed = await new Promise<string>((done) => {
    execFile(process.execPath, [program], { cwd: place }, (error, _out, told) => {
      done(error?.code === 1 ? told : '');
    });
  });
  await rm(place, { recursive: true });
  return printed;
}

const upward = (file: string) => `an import that the plan does not allow mcp/tasks: lib/mcp/tasks/${file} → ${GUARD}`;

test.each([
  ['a value of a wing above', upward('value.ts')],
  ['a type of a wing above', upward('type.ts')],
  ['a type of a wing above, in a type', upward('inline.ts')],
  ['what it exports again', upward('reexport.ts')],
  [
    'a room of its wing that is not in its list',
    'an import that the plan does not allow mcp/tasks: lib/mcp/tasks/sibling.ts → lib/mcp/protocol/server.ts',
  ],
  [
    'a value where the plan has an arrow back',
    `an import that the plan does not allow ground/observability but for types: lib/observability/value.ts → ${CALLER}`,
  ],
])('a room may not import %s', (_what, fault) => {
  expect(faults).toContain(`${fault}\n`);
});

test('types go where the plan has an arrow back', () => {
  expect(faults).not.toContain('lib/observability/allowed.ts');
});

test('imports go in no circle, not even those of types', () => {
  expect(faults).toMatch(/^a circle of files: lib\/errors\/one\.ts → lib\/errors\/other\.ts/m);
});

test('every file is in a room of the plan', () => {
  expect(faults).toContain('a file in no room of the plan: lib/utils/one.ts');
});

test.each([
  'The plan has the room mcp/registry, which is empty.',
  'The plan allows mcp/tasks to import ^lib/mcp/invocation/, which it does not.',
])('what is allowed and not used has to go: %s', (fault) => {
  expect(faults).toContain(fault);
});

test('an arrow back that is not used has to go', async () => {
  expect(await check({ [GUARD]: FILES[GUARD] ?? '' })).toContain(
    'The plan has an arrow back from lib/observability/ to lib/resource-server/access/, which is not used.',
  );
});

test('the drawing is that of the plan', () => {
  expect(faults).toContain('The drawing in CONTRIBUTING.md is not that of the plan. Run: npm run house:draw');
});

test('the guide names only what is there', async () => {
  const text = await readFile('CONTRIBUTING.md', 'utf8');
  const named = [...text.matchAll(/`((?:lib|test|house)\/[\w./-]+)`/g)].map(([, path]) => path ?? '');
  expect(named).not.toEqual([]);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});
