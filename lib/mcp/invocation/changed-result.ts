import type { McpContext } from '../../resource-server/decorators/mcp-context.js';

/** What a method returned, and the interceptors that saw it. */
interface Returned {
  readonly value: unknown;
  readonly interceptors: readonly unknown[];
  /** Names of those that are known to have changed it. */
  readonly changing: ReadonlySet<string>;
}

const returned = new WeakMap<McpContext, Returned>();

/** Notes what a method returned, before interceptors make something else of it. */
export function noteReturned(
  context: McpContext,
  value: unknown,
  interceptors: readonly unknown[],
  changing: ReadonlySet<string>,
): void {
  if (interceptors.length > 0) returned.set(context, { value, interceptors, changing });
}

/** What a method returned and which interceptors changed that; `undefined` if none did. */
export function findChange(context: McpContext, result: unknown): { value: unknown; names: string } | undefined {
  const noted = returned.get(context);
  if (!noted || noted.value === result) return undefined;
  const all = noted.interceptors.map((one) => (one as object).constructor.name);
  const names = noted.changing.size > 0 ? all.filter((name) => noted.changing.has(name)) : all;
  return { value: noted.value, names: names.join(', ') };
}
