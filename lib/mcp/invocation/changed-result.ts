import type { McpContext } from '../../resource-server/decorators/mcp-context.js';

/** What a method returned, and the interceptors that saw it. */
interface Returned {
  readonly value: unknown;
  readonly interceptors: readonly unknown[];
}

const returned = new WeakMap<McpContext, Returned>();

/** Notes what a method returned, before interceptors make something else of it. */
export function noteReturned(context: McpContext, value: unknown, interceptors: readonly unknown[]): void {
  if (interceptors.length > 0) returned.set(context, { value, interceptors });
}

/** What a method returned and which interceptors changed that; `undefined` if none did. */
export function findChange(context: McpContext, result: unknown): { value: unknown; names: string } | undefined {
  const noted = returned.get(context);
  if (!noted || noted.value === result) return undefined;
  const names = noted.interceptors.map((one) => (one as object).constructor.name).join(', ');
  return { value: noted.value, names };
}
