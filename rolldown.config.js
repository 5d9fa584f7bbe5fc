import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { esmExternalRequirePlugin } from 'rolldown/plugins';

const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

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

/** What the presets of jest, in `lib/testing`, have jest load. */
export default [
  {
    // The package in CommonJS, made of what the compiler wrote.
    input: {
      index: 'dist/index.js',
      dialects: 'dist/dialects.js',
      'testing/index': 'dist/testing/index.js',
      'testing/jest': 'dist/testing/jest.js',
    },
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
];

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
