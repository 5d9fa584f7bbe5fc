import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { esmExternalRequirePlugin } from 'rolldown/plugins';

const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const { schematics } = JSON.parse(readFileSync('lib/schematics/collection.json', 'utf8'));

/** What an application imports. */
const ENTRY_POINTS = ['index', 'dialects', 'testing/index', 'testing/jest'];

/** What npx and the CLI of Nest load. */
const COMMANDS = [
  'command-line/cli',
  ...Object.values(schematics).map(({ factory }) => factory.replace(/^\.(.+)\.js#.+$/, 'schematics$1')),
];

/** Packages that jest cannot load in CommonJS, where Node can: ES modules alone, or one that needs such a module. */
const BUNDLED = new Set([
  '@nestjs/passport',
  '@scalar/openapi-upgrader',
  'jose',
  'jwks-rsa',
  'oauth4webapi',
  'openid-client',
  'quick-lru',
]);

const external = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !BUNDLED.has(name));

/** Packages in CommonJS that need an ES module, which jest cannot load for them: here they are ES modules. */
const CONVERTED = ['@nestjs/throttler', 'jwks-rsa'];

export default [
  // What the presets of jest, in `lib/testing`, have jest load.
  {
    // The package in CommonJS, made of what the compiler wrote.
    input: toInput(ENTRY_POINTS),
    platform: 'node',
    external: (id) => external.some((name) => id === name || id.startsWith(`${name}/`)),
    output: {
      dir: 'dist/commonjs',
      format: 'cjs',
      keepNames: true,
      entryFileNames: '[name].cjs',
      chunkFileNames: 'shared/[name].cjs',
    },
  },
  {
    input: Object.fromEntries(CONVERTED.map((name) => [name, `\0${name}`])),
    platform: 'node',
    plugins: [
      { name: 'named-exports', resolveId: keepVirtual, load: exportByName },
      esmExternalRequirePlugin({ external: [/^@nestjs\/(common|core)/, 'reflect-metadata', 'jose'] }),
    ],
    output: { dir: 'dist/modules', format: 'esm', keepNames: true },
  },
  // What Node loads: a few files, as each file of an import takes time. They take the place of what the compiler wrote.
  {
    input: toInput([...ENTRY_POINTS, ...COMMANDS]),
    platform: 'node',
    external: /^[^./\0]/,
    plugins: [{ name: 'compiled-modules', load: readCompiled, writeBundle: removeCompiled }],
    output: { dir: 'dist', format: 'esm', keepNames: true, sourcemap: true, chunkFileNames: 'shared/chunk-[hash].js' },
  },
];

function toInput(names) {
  return Object.fromEntries(names.map((name) => [name, `./dist/${name}.js`]));
}

/** A module of the compiler, with its map: so the map of the bundle leads to the TypeScript. */
function readCompiled(path) {
  if (!existsSync(`${path}.map`)) return null;
  return { code: readFileSync(path, 'utf8'), map: readFileSync(`${path}.map`, 'utf8') };
}

/** Removes the modules of the compiler, which nothing loads any more. Their types stay. */
function removeCompiled({ dir }, bundle) {
  for (const path of readdirSync(dir, { recursive: true }).map((one) => one.replaceAll('\\', '/')))
    if (/\.js(\.map)?$/.test(path) && !/^(commonjs|modules)\//.test(path) && !(path in bundle)) rmSync(join(dir, path));
}

function keepVirtual(id) {
  return id.startsWith('\0') ? id : null;
}

/** A module that has what a package in CommonJS exports. */
function exportByName(id) {
  if (!id.startsWith('\0')) return null;
  const name = id.slice(1);
  const names = Object.keys(createRequire(import.meta.url)(name)).filter((one) => one !== 'default');
  return `export { ${['default', ...names].join(', ')} } from ${JSON.stringify(name)};`;
}
