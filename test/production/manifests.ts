import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const FOLDER = 'sample/production/kubernetes';

/** An object of Kubernetes, as its manifest has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** All objects in the folder, with the file that each is in. */
export const manifests: readonly (readonly [file: string, manifest: Manifest])[] = readdirSync(FOLDER)
  .filter((file) => file !== 'kustomization.yaml')
  .flatMap((file) =>
    parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map(
      (document) => [file, document.toJS() as Manifest] as const,
    ),
  );

/** The object of that kind. */
export function readManifest(kind: string, name = 'mcp-orders'): Manifest {
  const found = manifests.find(([, manifest]) => manifest.kind === kind && manifest.metadata.name === name);
  if (!found) throw new Error(`There is no ${kind} ${name}`);
  return found[1];
}

/** The package that has the schemas of a group. */
function packageOf(group: string): string {
  if (group.startsWith('gateway.networking')) return '@kubernetes-models/gateway-api/gateway.networking.k8s.io';
  if (group === 'external-secrets.io') return '@kubernetes-models/external-secrets/external-secrets.io';
  return group === '' ? 'kubernetes-models' : `kubernetes-models/${group}`;
}

/** Throws an error that says what the schema of Kubernetes has against an object. */
export async function validateManifest(manifest: Manifest): Promise<void> {
  const [version = '', group = ''] = manifest.apiVersion.split('/').reverse();
  const models = (await import(`${packageOf(group)}/${version}/${manifest.kind}`)) as Record<string, unknown>;
  const Model = models[manifest.kind] as new (data: unknown) => { validate(): void };
  new Model(manifest).validate();
}
