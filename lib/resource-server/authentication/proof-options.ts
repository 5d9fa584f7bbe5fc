import type { ResolvedOptions } from '../../options/resolved-options.js';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../issuers/issuer-options.js';

/** Remembers which proofs were used. Replicas have to share one, or a proof can be used once at each. */
export interface ReplayStore {
  /**
   * Takes note of a key, at once for all who ask. A store that fails, or takes longer than two seconds, lets no proof in:
   * the request is answered with 503.
   *
   * @param key - of one proof: short, and of no secret
   * @param lifetimeMs - milliseconds, whole seconds of them, for which it is to be remembered
   * @returns whether the key was new
   */
  claim(key: string, lifetimeMs: number): Promise<boolean> | boolean;
}

/** Access tokens that are bound to a key of the client's, which proves with each request that it has it (RFC 9449). */
export interface DpopOptions {
  /** Refuses tokens that are not bound. Defaults to `false`. */
  required?: boolean;
  /** Algorithms of proofs. Defaults to every {@link SigningAlgorithm}. */
  algorithms?: readonly SigningAlgorithm[];
  /** Milliseconds, 1000 to 300 000, by which a proof's `iat` may differ from now. Defaults to 300 000 (SEP-1932). */
  proofLifetimeMs?: number;
  /**
   * Demands a nonce of this server in every proof (RFC 9449 section 9), made with this secret of 32 characters or more.
   * Replicas share it.
   */
  nonceSecret?: string;
  /** Where used proofs are remembered. Defaults to the memory of this process. */
  replayStore?: ReplayStore;
}

/** Access tokens that are bound to the client's certificate (RFC 8705 section 3). */
export interface MutualTlsOptions {
  /** Refuses tokens that are not bound. Defaults to `false`. */
  required?: boolean;
  /**
   * Where the client's certificate is: on the `'socket'` of this server, or in a `header` that only the named `proxies`
   * (addresses, or ranges such as `10.0.0.0/8`) are believed in: as RFC 9440 has it, as PEM in URL encoding, or as bare
   * base64 of the DER. A proxy has to remove the header from what clients send.
   */
  certificate: 'socket' | { header: string; proxies: readonly string[] };
}

/** Tokens that are bound to a key or a certificate of the client's, which makes stolen ones worthless. */
export interface ProofOptions {
  /** Accepts tokens that are bound to a key of the client's (DPoP, RFC 9449). Without it they are refused. */
  dpop?: DpopOptions;
  /** Accepts tokens that are bound to a certificate of the client's (RFC 8705). Without it they are refused. */
  mutualTls?: MutualTlsOptions;
}

const dpopSchema = z.strictObject({
  required: z.boolean().optional(),
  algorithms: z
    .array(z.enum(SIGNING_ALGORITHMS))
    .min(1, 'is empty, so that no proof would do. Name the algorithms, or remove it')
    .optional(),
  proofLifetimeMs: z
    .custom<number>(
      (value) => typeof value === 'number' && value >= 1000 && value <= 300_000,
      'is not between 1000 and 300000 milliseconds. Choose a value in between',
    )
    .optional(),
  nonceSecret: z.string().min(32, 'has fewer than 32 characters. Use 32 random ones or more').optional(),
  replayStore: z
    .custom<ReplayStore>(
      (value) => typeof (value as ReplayStore | null)?.claim === 'function',
      'has no method `claim`. Give an object that implements ReplayStore',
    )
    .optional(),
});

/** The first and the last IPv4 address, as a socket for both families has them: a range with both has all. */
const ENDS_OF_ALL = ['::ffff:0.0.0.0', '::ffff:255.255.255.255'];

const proxy = z
  .string()
  .refine(
    (value) => parseAddress(value) !== undefined,
    'is neither an IP address nor a range such as "10.0.0.0/8". Write one of the two',
  )
  .refine(
    (value) => !ENDS_OF_ALL.every((address) => createBlockList([value]).check(address, 'ipv6')),
    'takes in every address, so that any client could make the header up. Name the proxies alone',
  );

const mutualTlsSchema = z.strictObject({
  required: z.boolean().optional(),
  certificate: z.union(
    [
      z.literal('socket'),
      z.strictObject({
        header: z
          .string()
          .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'is not the name of a header. Write the one that the proxy sets'),
        proxies: z.array(proxy).min(1, 'is empty, so that the header would never be believed. Name the proxies'),
      }),
    ],
    'is neither "socket" nor `{ header, proxies }` with the proxies\' addresses. Write one of the two',
  ),
});

/** The form of {@link ProofOptions}. */
export const proofSchema = z.strictObject({ dpop: dpopSchema.optional(), mutualTls: mutualTlsSchema.optional() });

/** The proxies as a list to look addresses up in. */
export function createBlockList(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const one of proxies) {
    const parsed = parseAddress(one);
    if (parsed) list.addSubnet(parsed.address, parsed.prefix, parsed.family);
  }
  return list;
}

function parseAddress(value: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits, ...rest] = value.split('/');
  if (isIP(address) === 0 || rest.length > 0) return undefined;
  const longest = isIPv4(address) ? 32 : 128;
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  return prefix <= longest ? { address, prefix, family: isIPv4(address) ? 'ipv4' : 'ipv6' } : undefined;
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly dpop: DpopOptions | undefined;
    readonly mutualTls: MutualTlsOptions | undefined;
  }
}

/** Without an option bound tokens are refused. */
export function resolveProof({ dpop, mutualTls }: ProofOptions = {}): Pick<ResolvedOptions, 'dpop' | 'mutualTls'> {
  return { dpop, mutualTls };
}
