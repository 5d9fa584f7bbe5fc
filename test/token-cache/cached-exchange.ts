import { randomBytes } from 'node:crypto';
import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { resolveTokenCache } from '../../lib/on-behalf-of/token-cache/token-cache-options.js';
import { resolveReplicas } from '../../lib/replicas/replica-options.js';
import { ServerTokenCache } from '../../lib/on-behalf-of/token-cache/server-token-cache.js';
import type { TokenRequest } from '../../lib/on-behalf-of/token-cache/token-request.js';
import { keepSecret } from '../support/secret-watch.js';
import { callerLimits } from '../support/caller-limits.js';

/** What a cache is told, of itself and of what replicas share. */
export type CacheOptions = NonNullable<McpAuthModuleOptions['tokenCache']> &
  NonNullable<McpAuthModuleOptions['replicas']>;

/** A cache as the module has it. */
export function cacheWith(options: CacheOptions = {}, limits: McpAuthModuleOptions['limits'] = {}): ServerTokenCache {
  const resolved = { tokenCache: resolveTokenCache(options), replicas: resolveReplicas(options) };
  return new ServerTokenCache(resolved, callerLimits(limits));
}

export function newKey(): Buffer {
  return randomBytes(32);
}

/** A token that is no JWT. */
export function newToken(): string {
  const token = randomBytes(24).toString('base64url');
  keepSecret(token);
  return token;
}

/** What a test wants different of a request. */
export interface RequestParts extends Partial<Omit<TokenRequest, 'owner'>> {
  readonly owner?: Partial<TokenRequest['owner']>;
}

export const inAnHour = (): number => Date.now() + 3_600_000;

/** An authorization server, as far as a cache is concerned. */
export class Exchanges {
  /** Tokens that were given out, in order. */
  readonly tokens: string[] = [];
  expiresInMs: unknown = 300_000;
  /** Runs before each answer. */
  before: () => Promise<void> = () => Promise.resolve();

  /** A request of alice's for the orders, or what a test wants different. */
  request({ owner, ...rest }: RequestParts = {}): TokenRequest {
    return {
      key: ['orders'],
      obtain: async () => {
        await this.before();
        const value = newToken();
        this.tokens.push(value);
        return { value, type: 'bearer', expiresInMs: this.expiresInMs as number };
      },
      isFinal: () => false,
      ...rest,
      owner: {
        issuer: 'https://id.example',
        subject: 'alice',
        sessionId: 'session',
        expiresAt: inAnHour(),
        ...owner,
      },
    };
  }

  async from(cache: ServerTokenCache, parts: RequestParts = {}): Promise<string> {
    return (await cache.get(this.request(parts))).value;
  }
}
