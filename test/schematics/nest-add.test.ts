import { beforeAll, describe, expect, test } from '@jest/globals';
import { complaintsOf } from '../docs/type-checker.js';
import { PROVIDER_NAMES } from '../../lib/schematics/sources/identity-providers.js';
import { mainWith, moduleWith, nestProject } from './nest-projects.js';
import { runSchematics, type Outcome, type Run } from './schematic-runs.js';

const combinations = PROVIDER_NAMES.flatMap((provider) =>
  ['express', 'fastify'].map((platform) => ({ name: `${provider}, ${platform}`, options: { provider, platform } })),
);

const add = (options: object = {}) => ({ schematic: 'nest-add', options: { provider: 'keycloak', ...options } });

/** Runs that are not of the combinations, by what they show. */
const others = {
  CommonJS: { files: nestProject(), steps: [add(), { schematic: 'tool', options: { name: 'orders' } }] },
  'ES modules': { files: nestProject({ isEsm: true }), steps: [add()] },
  twice: { files: nestProject(), steps: [add(), add({ provider: 'okta' })] },
  'sources in another folder': { files: nestProject({ sourceRoot: 'server' }), steps: [add({ sourceRoot: 'server' })] },
  'sources in another folder, by nest-cli.json': { files: nestProject({ sourceRoot: 'server' }), steps: [add()] },
  'a monorepo': {
    files: {
      ...nestProject(),
      'nest-cli.json': JSON.stringify({ projects: { api: { sourceRoot: 'apps/api/src' } } }),
      'apps/api/src/main.ts': mainWith('ApiModule', './api.module'),
      'apps/api/src/api.module.ts': moduleWith('imports: []').replace('AppModule', 'ApiModule'),
      'apps/api/test/jest-e2e.json': '{}',
    },
    steps: [add({ project: 'api' })],
  },
  'a module that imports others': {
    files: nestProject({
      module: moduleWith(
        "imports: [ConfigModule.forRoot({ isGlobal: true }), ...others, /* last */], exports: ['a']",
        "import { ConfigModule } from '@nestjs/config';\nconst others = [];\n",
      ),
    }),
    steps: [add()],
  },
  'a module without metadata': { files: nestProject({ module: moduleWith('') }), steps: [add()] },
  'metadata that is no literal': {
    files: nestProject({ module: moduleWith('imports: others', 'const others = [];\n') }),
    steps: [add()],
  },
  'an application on Fastify': {
    files: nestProject({ main: mainWith('AppModule', './app.module', ', new FastifyAdapter()') }),
    steps: [add(), { schematic: 'tool', options: { name: 'orders' } }],
  },
  'Express for an application on Fastify': {
    files: nestProject({ main: mainWith('AppModule', './app.module', ', new FastifyAdapter()') }),
    steps: [add({ platform: 'express' })],
  },
  'Fastify for an application with what Express alone has': {
    files: nestProject({ main: mainWith('AppModule', './app.module', ', new ExpressAdapter(server)') }),
    steps: [add({ platform: 'fastify' })],
  },
  'Fastify with options': {
    files: nestProject({ main: mainWith('AppModule', './app.module', ', { cors: true }') }),
    steps: [add({ platform: 'fastify' })],
  },
  'a test on Express': {
    files: { ...nestProject(), 'test/app.e2e-spec.ts': 'app = module.createNestApplication();' },
    steps: [add({ platform: 'fastify' })],
  },
  'an OpenAPI document': {
    files: nestProject({ isEsm: true }),
    steps: [add(), { schematic: 'openapi', options: { name: 'parcels', document: './parcels.openapi.yaml' } }],
  },
  'an OpenAPI document of an API that is not known': {
    files: nestProject(),
    steps: [{ schematic: 'openapi', options: { name: 'admin/parcels', document: 'https://api.acme.example/v1.json' } }],
  },
  'no OpenAPI document': { files: nestProject(), steps: [{ schematic: 'openapi', options: { name: 'parcels' } }] },
  'another entry file': {
    files: {
      ...withoutMain(nestProject()),
      'nest-cli.json': JSON.stringify({ sourceRoot: 'src', entryFile: 'server' }),
      'src/server.ts': mainWith('AppModule', './app.module', ', new FastifyAdapter()'),
    },
    steps: [add()],
  },
  'comments for jest, and an old zod': {
    files: {
      ...nestProject(),
      'package.json': JSON.stringify({ dependencies: { '@nestjs/core': '^11.0.0', zod: '^3.25.0' } }),
      'test/jest-e2e.json': '{ /* ours */ }',
    },
    steps: [add()],
  },
  'a tool, and an old zod': {
    files: {
      ...nestProject(),
      'package.json': JSON.stringify({ dependencies: { '@nestjs/core': '^11.0.0', zod: '^3.25.0' } }),
    },
    steps: [{ schematic: 'tool', options: { name: 'orders' } }],
  },
  'files of the environment': {
    files: { ...nestProject(), '.env': 'MCP_CLIENT_ID=mine\nPORT=4000', '.env.example': '# ours\nPORT=\n' },
    steps: [add()],
  },
  'another preset': {
    files: { ...nestProject(), 'test/jest-e2e.json': '{ "preset": "ts-jest" }', 'jest.config.js': 'export default {}' },
    steps: [add()],
  },
  'no packages to install': { files: nestProject(), steps: [add({ skipInstall: true })] },
  'no project': { files: { 'README.md': '' }, steps: [add()] },
  'an unknown provider': { files: nestProject(), steps: [add({ provider: 'acme' })] },
} satisfies Record<string, Run>;

function withoutMain({ 'src/main.ts': _main, ...files }: Record<string, string>): Record<string, string> {
  return files;
}

const outcomes = new Map<string, Outcome>();
const complaints = new Map<string, string[]>();
const folderOf = (name: string) => `test/schematics/${name.replaceAll(/\W+/g, '-')}`;

beforeAll(async () => {
  const runs: Record<string, Run> = { ...others };
  for (const { name, options } of combinations) {
    runs[name] = {
      files: nestProject({ isEsm: true }),
      // The repository has jest, and not vitest.
      steps: [{ schematic: 'nest-add', options }],
    };
    const manifest = runs[name]?.files['package.json']?.replace('vitest', 'jest') ?? '';
    runs[name] = { ...runs[name], files: { ...runs[name]?.files, 'package.json': manifest } } as Run;
  }
  const results = await runSchematics(Object.values(runs));
  Object.keys(runs).forEach((name, index) => outcomes.set(name, results[index] as Outcome));
  const sources = combinations.flatMap(({ name }) =>
    Object.entries(outcomes.get(name)?.files ?? {})
      .filter(([path]) => path.endsWith('.ts'))
      .map(([path, text]) => [`${folderOf(name)}/${path}`, text] as const),
  );
  for (const { file, line, message } of complaintsOf(new Map(sources), { noUnusedLocals: true }))
    complaints.set(file, [...(complaints.get(file) ?? []), `${file}:${line}: ${message}`]);
}, 120_000);

const filesOf = (name: string) => outcomes.get(name)?.files ?? {};
const fileOf = (name: string, path: string) => filesOf(name)[path] ?? '';
const messagesOf = (name: string) => outcomes.get(name)?.messages.join('\n') ?? '';

describe.each(combinations)('$name', ({ name, options: { platform } }) => {
  test('what is written compiles', () => {
    expect(outcomes.get(name)?.error).toBeUndefined();
    expect(Object.keys(filesOf(name))).toContain('src/mcp/mcp.module.ts');
    const own = [...complaints].filter(([file]) => file.startsWith(`${folderOf(name)}/`)).flatMap(([, lines]) => lines);
    expect(own).toEqual([]);
  });

  test('the example of the environment has every variable', () => {
    const names = [...fileOf(name, 'src/mcp/mcp.config.ts').matchAll(/^ {2}(\w+): z/gm)].map(
      ([, variable]) => variable,
    );
    const example = fileOf(name, '.env.example');
    expect(names.length).toBeGreaterThan(3);
    expect([...example.matchAll(/^# .+\n(\w+)=.+$/gm)].map(([, variable]) => variable)).toEqual(names);
    const used = [...fileOf(name, 'src/mcp/mcp.module.ts').matchAll(/(?<![.\w])env\.(\w+)/g)].map(
      ([, variable]) => variable,
    );
    expect([...new Set(used)].sort()).toEqual([...names].sort());
  });

  test('the platform is the one wanted', () => {
    expect(fileOf(name, 'src/main.ts').includes('new FastifyAdapter()')).toBe(platform === 'fastify');
    expect(fileOf(name, 'src/mcp/items.tools.spec.ts').includes('new FastifyAdapter()')).toBe(platform === 'fastify');
    expect(fileOf(name, 'package.json').includes('platform-fastify')).toBe(platform === 'fastify');
  });
});

describe('the application', () => {
  test('gets what its module system, its runner and its Nest need', () => {
    expect(fileOf('CommonJS', 'src/app.module.ts')).toContain("import { McpModule } from './mcp/mcp.module';");
    expect(fileOf('CommonJS', 'package.json')).toMatch(/"@nestjs\/config": "\^4/);
    expect(JSON.parse(fileOf('CommonJS', 'package.json'))).toHaveProperty('jest.preset', 'nestjs-mcp-auth');
    expect(JSON.parse(fileOf('CommonJS', 'test/jest-e2e.json'))).toHaveProperty('preset', 'nestjs-mcp-auth');
    expect(fileOf('ES modules', 'src/app.module.ts')).toContain("import { McpModule } from './mcp/mcp.module.js';");
    expect(fileOf('ES modules', 'package.json')).toMatch(/"@nestjs\/config": "\^12/);
    expect(fileOf('ES modules', 'src/mcp/items.tools.spec.ts')).toContain("from 'vitest'");
  });

  test('is installed anew, unless that is not wanted', () => {
    expect(outcomes.get('CommonJS')?.tasks).toContain('node-package');
    expect(outcomes.get('no packages to install')?.tasks).toEqual([]);
  });

  test('finishes calls when it stops', () => {
    expect(fileOf('CommonJS', 'src/main.ts')).toMatch(/AppModule\);\n {2}app\.enableShutdownHooks\(\);\n/);
  });

  test('is changed once', () => {
    expect(messagesOf('twice')).toContain('src/mcp/mcp.module.ts has McpAuthModule already. Nothing is changed.');
    expect(fileOf('twice', 'src/mcp/mcp.module.ts')).toContain('providers.keycloak');
  });

  test.each(['sources in another folder', 'sources in another folder, by nest-cli.json'])('has its %s', (name) => {
    expect(Object.keys(filesOf(name))).toContain('server/mcp/mcp.module.ts');
    expect(fileOf(name, 'server/app.module.ts')).toContain('imports: [McpModule]');
  });

  test('may be one of a monorepo', () => {
    expect(fileOf('a monorepo', 'apps/api/src/api.module.ts')).toContain('McpModule]');
    expect(fileOf('a monorepo', 'apps/api/src/mcp/mcp.module.ts')).toContain("name: 'api'");
    expect(JSON.parse(fileOf('a monorepo', 'apps/api/test/jest-e2e.json'))).toEqual({ preset: 'nestjs-mcp-auth' });
    expect(Object.keys(filesOf('a monorepo'))).not.toContain('src/mcp/mcp.module.ts');
  });

  test('keeps what its module has', () => {
    const module = fileOf('a module that imports others', 'src/app.module.ts');
    expect(module).toMatch(/ConfigModule\.forRoot\({ isGlobal: true }\),\s+\.\.\.others,\s+McpModule/);
    expect(fileOf('a module that imports others', 'src/mcp/mcp.module.ts')).not.toContain('ConfigModule.forRoot');
    expect(fileOf('a module without metadata', 'src/app.module.ts')).toMatch(/imports: \[McpModule\]/);
  });

  test('is told what cannot be changed for it', () => {
    expect(fileOf('metadata that is no literal', 'src/app.module.ts')).not.toContain('McpModule');
    expect(messagesOf('metadata that is no literal')).toContain(
      'Add McpModule, of src/mcp/mcp.module.ts, to the imports',
    );
    expect(messagesOf('another preset')).toMatch(/in test\/jest-e2e\.json: .*\n.* in jest\.config\.js: /);
    expect(fileOf('another preset', 'test/jest-e2e.json')).toContain('"ts-jest"');
  });

  test('keeps what its environment has', () => {
    const environment = fileOf('files of the environment', '.env');
    expect(environment).toMatch(/^MCP_CLIENT_ID=mine\nPORT=4000\n\n# /);
    expect(environment.match(/^MCP_CLIENT_ID=/gm)).toHaveLength(1);
    expect(fileOf('files of the environment', '.env.example')).toMatch(/^# ours\nPORT=\n\n# [^]*^MCP_CLIENT_ID=/m);
  });

  test('stays on Fastify', () => {
    expect(fileOf('an application on Fastify', 'src/mcp/items.tools.spec.ts')).toContain('new FastifyAdapter()');
    expect(fileOf('an application on Fastify', 'src/orders/orders.tools.spec.ts')).toContain('new FastifyAdapter()');
    expect(fileOf('Fastify with options', 'src/main.ts')).toMatch(
      /AppModule,\s+new FastifyAdapter\(\),\s+{\s+cors: true/,
    );
  });

  test('offers an OpenAPI document', () => {
    expect(fileOf('an OpenAPI document', 'src/parcels/parcels.api.ts')).toContain(
      "@McpOpenApi({ downstream: 'api', document: './parcels.openapi.yaml' })\nexport class ParcelsApi {}",
    );
    expect(fileOf('an OpenAPI document', 'src/app.module.ts')).toMatch(
      /import { ParcelsApi } from '\.\/parcels\/parcels\.api\.js';[^]*providers: \[ParcelsApi\]/,
    );
    expect(messagesOf('an OpenAPI document')).not.toContain('Add the downstream');
    const unknown = 'an OpenAPI document of an API that is not known';
    expect(fileOf(unknown, 'src/admin/parcels/parcels.api.ts')).toMatch(
      /downstream: 'parcels',\s+document: 'https:\/\/api\.acme\.example\/v1\.json'/,
    );
    expect(messagesOf(unknown)).toContain('Add the downstream "parcels" to the options of McpAuthModule.');
  });

  test('is started by the file that nest-cli.json names', () => {
    expect(fileOf('another entry file', 'src/server.ts')).toContain('app.enableShutdownHooks();');
    expect(fileOf('another entry file', 'src/mcp/mcp.module.spec.ts')).toContain('new FastifyAdapter()');
  });

  test('is told which tests stay on Express', () => {
    expect(messagesOf('a test on Express')).toContain('test/app.e2e-spec.ts still tests on Express');
    expect(messagesOf('CommonJS')).not.toContain('still tests on Express');
  });

  test('is told what is too old, and keeps comments', () => {
    expect(messagesOf('comments for jest, and an old zod')).toContain('package.json has zod 3');
    expect(messagesOf('a tool, and an old zod')).toContain('package.json has zod 3');
    expect(messagesOf('CommonJS')).not.toContain('zod');
    expect(messagesOf('comments for jest, and an old zod')).toContain('in test/jest-e2e.json: ');
    expect(fileOf('comments for jest, and an old zod', 'test/jest-e2e.json')).toBe('{ /* ours */ }');
  });

  test.each([
    ['Express for an application on Fastify', 'src/main.ts creates the application on Fastify'],
    ['Fastify for an application with what Express alone has', 'src/main.ts uses what Express alone has'],
    ['no project', 'There is no package.json here'],
    ['an unknown provider', 'provider'],
    ['no OpenAPI document', 'document'],
  ])('is refused: %s', (name, message) => {
    expect(outcomes.get(name)?.error).toContain(message);
  });
});
