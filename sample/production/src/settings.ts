import { readFileSync } from 'node:fs';
import process from 'node:process';
import { z } from 'zod';

const Settings = z.object({
  /** Address of the endpoint that clients know. */
  RESOURCE: z.url(),
  /** Path at which requests arrive, if a proxy takes a prefix away. */
  ENDPOINT_PATH: z.string().startsWith('/').optional(),
  ISSUER: z.url(),
  CLIENT_ID: z.string().default('mcp-orders'),
  /** File with the private key of the client, in PEM. It may be replaced while the process runs. */
  CLIENT_KEY_FILE: z.string(),
  ORDERS_URL: z.url(),
  ORDERS_AUDIENCE: z.string().default('orders-api'),
  /** `true` if the orders API is reached by plain http, inside of a network that is trusted. */
  ORDERS_CLEAR_TEXT: z.stringbool().default(false),
  /** `redis://` or `rediss://`, with the user and the password. */
  VALKEY_URL: z.url(),
  /** Milliseconds that the store may take for one answer. After that a replica does without it. */
  STORE_TIMEOUT_MS: z.coerce.number().int().default(250),
  /** File with the keys that encrypt what is in the store, one a line. The first encrypts, all decrypt. */
  REPLICA_KEYS_FILE: z.string(),
  /** How many proxies stand before this server. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).default(1),
  /** Milliseconds. */
  BALANCER_GRACE_MS: z.coerce.number().int().min(0).default(10_000),
  /** Milliseconds. */
  SHUTDOWN_GRACE_MS: z.coerce.number().int().min(0).default(10_000),
  PORT: z.coerce.number().int().default(3000),
});

/** The settings of the process. Where variables are missing or wrong, the process ends with all their names. */
export const settings = Settings.parse(process.env);

export const replicaKeys = readFileSync(settings.REPLICA_KEYS_FILE, 'utf8')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '');
