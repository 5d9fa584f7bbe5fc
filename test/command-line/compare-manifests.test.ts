import { describe, expect, test } from '@jest/globals';
import { compareManifests } from '../../lib/manifest/compare-manifests.js';
import {
  MANIFEST_VERSION,
  type Manifest,
  type ManifestOperation,
  type ServerManifest,
} from '../../lib/manifest/manifest.js';

const operation: ManifestOperation = {
  kind: 'tool',
  name: 'read',
  source: 'class',
  writes: false,
  anonymous: false,
  scopes: [['r']],
  computesScopes: false,
  appOnly: true,
  acrValues: [],
  safeguards: [],
  downstreams: [],
  arguments: {},
  places: {},
  withheld: {},
  definition: '',
};

const server = (
  operations: readonly Partial<ManifestOperation>[],
  more: Partial<ServerManifest> = {},
): ServerManifest => ({
  name: 'shop',
  scopes: { r: ['tool read'] },
  implied: {},
  operations: operations.map((one) => ({ ...operation, ...one })),
  ...more,
});

const manifest = (...servers: readonly ServerManifest[]): Manifest => ({ manifest: MANIFEST_VERSION, servers });

function tell(before: Manifest, now: Manifest): readonly string[] {
  return compareManifests(before, now).map(
    ({ kind, code, server: name, subject, message }) => `${kind} ${code} ${name}: ${subject} ${message}`,
  );
}

describe('what differs between an operation and what it was', () => {
  test.each<[Partial<ManifestOperation>, Partial<ManifestOperation>, readonly string[]]>([
    [
      { anonymous: true, scopes: [] },
      {},
      ['changed scopes_narrowed shop: tool read takes r. Before it took no token.'],
    ],
    [
      { anonymous: true, scopes: [] },
      { scopes: [[]] },
      ['changed scopes_narrowed shop: tool read takes any valid token. Before it took no token.'],
    ],
    [
      { computesScopes: true },
      {},
      ['opened scopes_dropped shop: tool read computes no scopes from its arguments any more. It takes r.'],
    ],
    [{ computesScopes: true }, { anonymous: true }, ['opened anonymous shop: tool read takes no token any more.']],
    [
      {},
      { computesScopes: true },
      ['changed scopes_narrowed shop: tool read takes scopes computed from the arguments. Before it took r.'],
    ],
    [
      { scopes: [['a', 'b'], ['c']] },
      { scopes: [['c']] },
      ['changed scopes_narrowed shop: tool read takes c. Before it took (a and b) or c.'],
    ],
    [
      {},
      { writes: true },
      ['opened write_reachable shop: tool read may change something. Before it only read. It takes r.'],
    ],
    [
      { appOnly: true },
      { appOnly: false },
      ['changed safeguard_added shop: tool read has now, or has stricter: the demand for a user.'],
    ],
    [
      { appOnly: false },
      { appOnly: true },
      ['opened safeguard_dropped shop: tool read no longer has, or has a weaker: the demand for a user.'],
    ],
    [
      {},
      { acrValues: ['gold'] },
      ['changed safeguard_added shop: tool read has now, or has stricter: the sign-in demanded: any before.'],
    ],
    [
      { acrValues: ['gold', 'silver'] },
      { acrValues: ['gold'] },
      ['changed safeguard_added shop: tool read has now, or has stricter: the sign-in demanded: gold, silver before.'],
    ],
    [
      { acrValues: ['gold'] },
      { acrValues: ['gold', 'silver'] },
      ['opened safeguard_dropped shop: tool read no longer has, or has a weaker: the sign-in demanded: gold before.'],
    ],
    [
      { acrValues: ['gold'] },
      {},
      ['opened safeguard_dropped shop: tool read no longer has, or has a weaker: the sign-in demanded: gold before.'],
    ],
    [
      {},
      { maxAgeMs: 60_000 },
      ['changed safeguard_added shop: tool read has now, or has stricter: the age of the sign-in: any before.'],
    ],
    [
      { maxAgeMs: 60_000 },
      { maxAgeMs: 90_000 },
      [
        'opened safeguard_dropped shop: tool read no longer has, or has a weaker: the age of the sign-in: 60000 ms before.',
      ],
    ],
    [
      { maxAgeMs: 60_000 },
      {},
      [
        'opened safeguard_dropped shop: tool read no longer has, or has a weaker: the age of the sign-in: 60000 ms before.',
      ],
    ],
    [
      {},
      { safeguards: ['OfficeHours'] },
      ['changed safeguard_added shop: tool read has now, or has stricter: OfficeHours.'],
    ],
    [
      { downstreams: ['orders'] },
      { downstreams: [] },
      ['removed downstream_removed shop: tool read does not call orders any more.'],
    ],
    [
      {},
      { downstreams: ['billing', 'orders'] },
      ['opened downstream_reached shop: tool read calls billing, orders now. It did not before.'],
    ],
    [
      { downstreams: ['orders', 'users'] },
      { downstreams: ['billing', 'orders'] },
      [
        'opened downstream_reached shop: tool read calls billing now. It did not before.',
        'removed downstream_removed shop: tool read does not call users any more.',
      ],
    ],
  ])('%j becomes %j', (before, now, told) => {
    expect(tell(manifest(server([before])), manifest(server([now])))).toStrictEqual(told);
  });
});

describe('what differs between servers', () => {
  test.each<[string, Manifest, Manifest, readonly string[]]>([
    [
      'one that is new',
      manifest(),
      manifest(server([{}, { name: 'write', writes: true }])),
      [
        'opened write_reachable shop: tool write is new and may change something. It takes r.',
        'added operation_added shop: tool read is new. It takes r.',
      ],
    ],
    [
      'one that is gone',
      manifest(server([{}])),
      manifest(),
      ['removed operation_removed shop: tool read is not offered any more.'],
    ],
    [
      'an operation that is open to all',
      manifest(server([])),
      manifest(server([{ anonymous: true, scopes: [] }])),
      ['opened anonymous shop: tool read is new, and takes no token.'],
    ],
    [
      'an operation with a way in that is known',
      manifest(server([])),
      manifest(server([{ scopes: [['x'], ['r']] }])),
      ['opened scope_reaches_more shop: tool read is new, and callers of before reach it: it takes x or r.'],
    ],
    [
      'a scope that implies others',
      manifest(server([])),
      manifest(server([], { implied: { admin: ['r', 'none'] } })),
      [
        'opened scope_reaches_more shop: scope admin implies r, and so reaches tool read.',
        'opened scope_reaches_more shop: scope admin implies none, and so reaches nothing.',
      ],
    ],
    [
      'a scope that implies one whose name every object has',
      manifest(server([])),
      manifest(server([], { implied: { admin: ['constructor'] } })),
      ['opened scope_reaches_more shop: scope admin implies constructor, and so reaches nothing.'],
    ],
    [
      'a scope that implies less',
      manifest(server([], { implied: { admin: ['r'] } })),
      manifest(server([])),
      ['changed scopes_narrowed shop: scope admin does not imply r any more.'],
    ],
    [
      'a scope whose name every object has',
      manifest(server([])),
      manifest(server([], { implied: { constructor: ['r'] } })),
      ['opened scope_reaches_more shop: scope constructor implies r, and so reaches tool read.'],
    ],
  ])('%s', (_what, before, now, told) => {
    expect(tell(before, now)).toStrictEqual(told);
  });
});
