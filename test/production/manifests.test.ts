import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { FOLDER, manifests, readManifest, validateManifest, type Manifest } from './manifests.js';

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly {
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    readonly env: readonly {
      readonly name: string;
      readonly value?: string;
      readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
    }[];
    readonly resources: Readonly<Record<'requests' | 'limits', { readonly memory: string }>>;
  }[];
  readonly volumes: readonly { readonly secret?: { readonly items: readonly { readonly key: string }[] } }[];
}

const podOf = (kind: string, name?: string) =>
  (readManifest(kind, name).spec as { template: { metadata: { labels: object }; spec: Pod } }).template;
const application = podOf('Deployment').spec;
const settings = readManifest('ConfigMap').data ?? {};

test.each(manifests.map(([file, manifest]) => [file, manifest.kind, manifest] as const))(
  '%s has a %s that its schema allows',
  async (_file, _kind, manifest) => {
    await expect(validateManifest(manifest)).resolves.toBeUndefined();
  },
);

test.each([
  ['an unknown member', { spec: { replicaz: 2 } }],
  ['a value of another type', { spec: { ...readManifest('Deployment').spec, replicas: 'two' } }],
])('the schemas refuse %s', async (_what, change) => {
  await expect(validateManifest({ ...readManifest('Deployment'), ...change } as Manifest)).rejects.toThrow();
});

test('the kustomization names files that are there, and all but the alternatives', () => {
  const { resources } = parse(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
  const alternatives = ['http-route-stripped-prefix.yaml', 'ingress.yaml'];
  const files = new Set(manifests.map(([file]) => file));
  expect([...resources, ...alternatives].sort()).toEqual([...files].sort());
});

test('a pod that stops has time for both of its periods', () => {
  const periods = Number(settings.BALANCER_GRACE_MS) + Number(settings.SHUTDOWN_GRACE_MS);
  expect(application.terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(periods + 5_000);
});

test('the application gets every setting that it cannot do without', () => {
  const source = readFileSync('sample/production/src/settings.ts', 'utf8');
  const required = [...source.matchAll(/^ {2}([A-Z_]+): (?!.*\.(?:default|optional)\()/gm)].map(([, name]) => name);
  const known = [...source.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, name]) => name);
  const given = [...Object.keys(settings), ...(application.containers[0]?.env.map(({ name }) => name) ?? [])];
  expect(required.length).toBeGreaterThan(4);
  expect(given).toEqual(expect.arrayContaining(required));
  const foreign = given.filter((name) => !/^(OTEL|NODE)_/.test(name));
  expect(foreign.filter((name) => !known.includes(name))).toEqual([]);
});

test('every secret that a pod takes is one that is fetched', () => {
  const { data } = readManifest('ExternalSecret').spec as { data: { secretKey: string }[] };
  const fetched = data.map(({ secretKey }) => secretKey);
  const pods = [application, podOf('StatefulSet', 'valkey').spec];
  const taken = pods.flatMap(({ containers, volumes = [] }) => [
    ...containers.flatMap(({ env }) => env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef.key ?? [])),
    ...volumes.flatMap(({ secret }) => secret?.items.map(({ key }) => key) ?? []),
  ]);
  expect([...new Set(taken)].sort()).toEqual([...fetched].sort());
});

test('what selects the pods, selects them', () => {
  const { labels } = podOf('Deployment').metadata;
  for (const kind of ['Service', 'PodDisruptionBudget', 'NetworkPolicy']) {
    const { selector, podSelector } = readManifest(kind).spec as { selector?: object; podSelector?: object };
    const wanted = (podSelector ?? selector) as { matchLabels?: object };
    expect([kind, wanted.matchLabels ?? wanted]).toEqual([kind, labels]);
  }
});

test('the heap of Node leaves room in the memory of the pod', () => {
  const [container] = application.containers;
  const [, heap] = /max-old-space-size=(\d+)/.exec(
    container?.env.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '',
  ) ?? [undefined, 'none'];
  expect(Number(heap)).toBeLessThan(0.75 * parseInt(container?.resources.limits.memory ?? '', 10));
});
