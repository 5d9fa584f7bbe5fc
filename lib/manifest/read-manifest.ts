import { z } from 'zod';
import { MANIFEST_VERSION, type Manifest } from './manifest.js';

const texts = z.array(z.string());

const operation = z.object({
  kind: z.enum(['tool', 'resource', 'resourceTemplate', 'prompt', 'method']),
  name: z.string(),
  source: z.enum(['class', 'openapi', 'protected']),
  operation: z.string().exactOptional(),
  writes: z.boolean(),
  anonymous: z.boolean(),
  scopes: z.array(texts),
  computesScopes: z.boolean(),
  appOnly: z.boolean(),
  acrValues: texts,
  maxAgeMs: z.number().exactOptional(),
  safeguards: texts,
  downstreams: texts,
  arguments: z.record(z.string(), z.string()),
  places: z.record(z.string(), z.string()),
  withheld: z.record(z.string(), z.string()),
  definition: z.string(),
});

const manifest = z.object({
  manifest: z.literal(MANIFEST_VERSION),
  servers: z.array(
    z.object({
      name: z.string(),
      scopes: z.record(z.string(), texts),
      implied: z.record(z.string(), texts),
      operations: z.array(operation),
    }),
  ),
});

/**
 * Reads a manifest that was written.
 *
 * @param text - JSON
 * @throws Error if it is none, or one of another version
 */
export function readManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('It is not JSON, so it is no manifest. Write a new one with --write');
  }
  const { data, error } = manifest.safeParse(value);
  if (data) return data;
  const [{ path, message } = { path: [], message: '' }] = error.issues;
  throw new Error(`It is no manifest of this version: ${path.join('.')} ${message}. Write a new one with --write`);
}
