import type { ResolvedOptions } from '../../options/resolved-options.js';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../issuers/issuer-options.js';

/** Remembers used proofs. Replicas have to share one store, or a proof can be used once at each replica. */
export interface ReplayStore {
  /**
   * Stores a key atomically. If the store fails or takes longer than two seconds, the proof is refused and the response
   * is 503.
   *
   * @param key - identifies one proof. It is short and not secret
   * @param lifetimeMs - how long to remember the key, in milliseconds. Always a whole number of seconds
   * @returns whether the key was new
   */
  claim(key: string, lifetimeMs: number): Promise<boolean> | boolean;
}

/** Access tokens bound to a key of the client. The client proves possession with each request (RFC 9449). */
export interface DpopOptions {
  /** Refuses tokens without this binding. Defaults to `false`. */
  required?: boolean;
  /** Accepted algorithms of proofs. Defaults to every {@link SigningAlgorithm}. */
  algorithms?: readonly SigningAlgorithm[];
  /**
   * Maximum difference between a proof's `iat` and now, in milliseconds from 1000 to 300 000. Defaults to 300 000
   * (SEP-1932).
   */
  proofLifetimeMs?: number;
  /**
   * Requires a nonce of this server in every proof (RFC 9449 section 9). Nonces are derived from this secret, which has
   * at least 32 characters. Replicas have to share it. To change it without a refused request, give both secrets for a
   * while: the first one makes nonces, and nonces of all are accepted.
   */
  nonceSecret?: string | readonly string[];
  /** Where used proofs are remembered. Defaults to the memory of this process. */
  replayStore?: ReplayStore;
}

/** Access tokens bound to the client's certificate (RFC 8705 section 3). */
export interface MutualTlsOptions {
  /** Refuses tokens without this binding. Defaults to `false`. */
  required?: boolean;
  /**
   * Where the client's certificate is: on the `'socket'` of this server, or in a `header`. The header is trusted only
   * from the named `proxies`: addresses, or ranges such as `10.0.0.0/8`. Its value follows RFC 9440, or is URL-encoded
   * PEM or bare base64 of the DER. A proxy has to remove the header from clients' requests.
   */
  certificate: 'socket' | { header: string; proxies: readonly string[] };
}

/** Tokens bound to a key or certificate of the client. A stolen token is useless without it. */
export interface ProofOptions {
  /** Refuses tokens that are bound to neither. Defaults to `false`. */
  required?: boolean;
  /** Accepts tokens bound to a key of the client (DPoP, RFC 9449). Without this option they are refused. */
  dpop?: DpopOptions;
  /** Accepts tokens bound to a certificate of the client (RFC 8705). Without this option they are refused. */
  mutualTls?: MutualTlsOptions;
}

const nonceSecret = z.string().min(32, 'has fewer than 32 characters. Use 32 random ones or more');

const dpopSchema = z.strictObject({
  required: z.boolean().optional(),
  algorithms: z
    .array(z.enum(SIGNING_ALGORITHMS))
    .min(1, 'is empty, so every proof would be refused. Name the algorithms, or remove it')
    .optional(),
  proofLifetimeMs: z
    .custom<number>(
      (value) => typeof value === 'number' && value >= 1000 && value <= 300_000,
      'is not between 1000 and 300000 milliseconds. Choose a value in between',
    )
    .optional(),
  nonceSecret: z
    .union(
      [nonceSecret, z.array(nonceSecret).min(1, 'is empty. Name a secret, or remove it')],
      'is neither a secret nor a list of secrets. Write one of the two',
    )
    .optional(),
  replayStore: z
    .custom<ReplayStore>(
      (value) => typeof (value as ReplayStore | null)?.claim === 'function',
      'has no method `claim`. Give an object that implements ReplayStore',
    )
    .optional(),
});

/** First and last IPv4 address, as a dual-stack socket reports them. A range that contains both contains all. */
const ENDS_OF_ALL = ['::ffff:0.0.0.0', '::ffff:255.255.255.255'];

const proxy = z
  .string()
  .refine(
    (value) => parseAddress(value) !== undefined,
    'is neither an IP address nor a range such as "10.0.0.0/8". Write one of the two',
  )
  .refine(
    (value) => !ENDS_OF_ALL.every((address) => createBlockList([value]).check(address, 'ipv6')),
    'covers every address, so any client could forge the header. Name the proxies only',
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
        proxies: z.array(proxy).min(1, 'is empty, so the header would never be trusted. Name the proxies'),
      }),
    ],
    'is neither "socket" nor `{ header, proxies }` with the proxies\' addresses. Write one of the two',
  ),
});

/** Schema of {@link ProofOptions}. */
export const proofSchema = z
  .strictObject({
    required: z.boolean().optional(),
    dpop: dpopSchema.optional(),
    mutualTls: mutualTlsSchema.optional(),
  })
  .refine(({ required, dpop, mutualTls }) => !required || (dpop ?? mutualTls), {
    path: ['required'],
    message: 'is set, but neither `dpop` nor `mutualTls` is, so no token would do. Add one, or remove it',
  });

/** Creates a list of the proxies for address lookups. */
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
    /** Whether a token has to be bound, either way. */
    readonly bindingRequired: boolean;
    readonly dpop: DpopOptions | undefined;
    readonly mutualTls: MutualTlsOptions | undefined;
  }
}

/** Without these options, bound tokens are refused. */
export function resolveProof({ required = false, dpop, mutualTls }: ProofOptions = {}): Pick<
  ResolvedOptions,
  'bindingRequired' | 'dpop' | 'mutualTls'
> {
  return { bindingRequired: required, dpop, mutualTls };
}
