import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const exec = promisify(execFile);

test.each([
  ['jest-preset', 'dist/commonjs/index.cjs'],
  ['jest-esm-preset', 'dist/modules/$1.js'],
])('jest takes what %s maps', async (name, mapped) => {
  const config = JSON.stringify({ rootDir: 'dist', preset: resolve(`dist/testing/${name}.cjs`) });
  const { stdout } = await exec(process.execPath, [
    'node_modules/jest/bin/jest.js',
    '--showConfig',
    '--config',
    config,
  ]);
  const { configs } = JSON.parse(stdout) as { configs: { moduleNameMapper: [string, string][] }[] };
  expect(configs[0]?.moduleNameMapper.map(([, path]) => path)).toContain(resolve(mapped));
});
