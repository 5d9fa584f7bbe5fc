import { compareOperations, describeAdded } from './compare-operations.js';
import { describeSubject, toKey } from './create-manifest.js';
import type { Difference } from './difference.js';
import type { Manifest, ManifestOperation, ServerManifest } from './manifest.js';

const KINDS = ['opened', 'added', 'removed', 'changed'] as const;

/**
 * Compares what servers offer with what they offered before.
 *
 * @returns what is different, what is open now first. A list without entries: nothing
 */
export function compareManifests(before: Manifest, now: Manifest): readonly Difference[] {
  const names = [...new Set([...before.servers, ...now.servers].map(({ name }) => name))].sort();
  const differences = names.flatMap((name) =>
    compareServers(
      before.servers.find((one) => one.name === name) ?? createEmpty(name),
      now.servers.find((one) => one.name === name) ?? createEmpty(name),
    ),
  );
  return KINDS.flatMap((kind) => differences.filter((one) => one.kind === kind));
}

function createEmpty(name: string): ServerManifest {
  return { name, scopes: {}, implied: {}, operations: [] };
}

function compareServers(before: ServerManifest, now: ServerManifest): readonly Difference[] {
  const server = now.name;
  const knownScopes = new Set(Object.keys(before.scopes));
  const differences: Difference[] = [];
  const earlierOperations = new EarlierOperations(before.operations);
  for (const operation of now.operations) {
    const earlier = earlierOperations.take(operation);
    const told = earlier ? compareOperations(earlier, operation) : describeAdded(operation, knownScopes);
    differences.push(...told.map((one) => ({ ...one, server, subject: describeSubject(operation) })));
  }
  for (const operation of earlierOperations.left) {
    const message = 'is not offered any more.';
    differences.push({
      code: 'operation_removed',
      kind: 'removed',
      server,
      subject: describeSubject(operation),
      message,
    });
  }
  return [...differences, ...compareImplied(before, now)];
}

/** The operations of before, by what tells them apart. */
class EarlierOperations {
  readonly #left: Set<ManifestOperation>;
  readonly #named = new Map<string, ManifestOperation>();
  readonly #endpoints = new Map<string, ManifestOperation>();

  constructor(operations: readonly ManifestOperation[]) {
    this.#left = new Set(operations);
    for (const one of operations) {
      this.#named.set(toIdentity(one), one);
      if (one.operation !== undefined) this.#endpoints.set(`${one.kind} ${one.operation}`, one);
    }
  }

  /** Those that were not taken. */
  get left(): readonly ManifestOperation[] {
    return [...this.#left];
  }

  /** An operation of an API may have another name than before, and a name may stand for another operation. */
  take(now: ManifestOperation): ManifestOperation | undefined {
    const found = this.#named.get(toIdentity(now)) ?? this.#endpoints.get(`${now.kind} ${now.operation ?? ''}`);
    return found && this.#left.delete(found) ? found : undefined;
  }
}

function toIdentity(operation: ManifestOperation): string {
  return `${toKey(operation)} ${operation.operation ?? ''}`;
}

function compareImplied(before: ServerManifest, now: ServerManifest): readonly Difference[] {
  const scopes = [...new Set([...Object.keys(before.implied), ...Object.keys(now.implied)])].sort();
  return scopes.flatMap((scope): readonly Difference[] => {
    const [was = [], is = []] = [before, now].map(({ implied }) => new Map(Object.entries(implied)).get(scope));
    const common = { server: now.name, subject: `scope ${scope}` };
    const more = is.filter((one) => !was.includes(one));
    const fewer = was.filter((one) => !is.includes(one));
    return [
      ...more.map((one): Difference => {
        const operations = new Map(Object.entries(now.scopes)).get(one)?.join(', ') ?? 'nothing';
        const message = `implies ${one}, and so reaches ${operations}.`;
        return { ...common, code: 'scope_reaches_more', kind: 'opened', message };
      }),
      ...fewer.map((one): Difference => {
        return { ...common, code: 'scopes_narrowed', kind: 'changed', message: `does not imply ${one} any more.` };
      }),
    ];
  });
}
