import { AsyncLocalStorage } from 'node:async_hooks';
import { DEFAULT_IPV6_SUBNET_PREFIX, normalizeIp } from '@nestjs/throttler';

const addresses = new AsyncLocalStorage<string | undefined>();

/**
 * The address of who sends a request, as the platform reads it (`trust proxy`). Addresses of one IPv6 network of 64 bits
 * are one, because its user chooses among them.
 *
 * @returns `undefined` for a connection without addresses
 */
export function readAddress({ ip }: { readonly ip?: unknown }): string | undefined {
  return typeof ip === 'string' ? normalizeIp(ip, DEFAULT_IPV6_SUBNET_PREFIX) : undefined;
}

/** What is held for callers without a token while this runs is held for their address. */
export function runFrom<Result>(address: string | undefined, run: () => Result): Result {
  return addresses.run(address, run);
}

/** The address that {@link runFrom} was given. */
export function getAddress(): string | undefined {
  return addresses.getStore();
}
