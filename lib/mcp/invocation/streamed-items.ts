import { isObservable, type Observable, type Subscription } from 'rxjs';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import { raceAbort } from './until-aborted.js';

/** An item that only reports progress. */
interface ProgressItem {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** All items that a method yielded, except those that only report progress. */
export class StreamedItems {
  constructor(readonly items: readonly unknown[]) {}
}

/**
 * Consumes what a method returned. The items of an Observable or an async iterable are reported as progress. They
 * become the result, unless an async generator returns a value.
 */
export async function follow(returned: unknown, context: McpContext): Promise<unknown> {
  if (isObservable(returned)) return await observe(returned, context);
  if (!isAsyncIterable(returned)) return returned;
  const items: unknown[] = [];
  const iterator = returned[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      const next = await raceAbort(iterator.next(), context.signal);
      if (next.done) {
        isOver = true;
        return next.value === undefined ? new StreamedItems(items) : await follow(next.value, context);
      }
      await take(next.value, items, context);
    }
  } finally {
    // A generator that awaits something ends once that settles. The call does not wait for it.
    if (!isOver) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

async function observe(returned: Observable<unknown>, context: McpContext): Promise<StreamedItems> {
  const items: unknown[] = [];
  let told = Promise.resolve();
  let subscription: Subscription | undefined;
  const over = new Promise<void>((resolve, reject) => {
    subscription = returned.subscribe({
      next: (item) => {
        told = told.then(() => take(item, items, context));
        told.catch(reject);
      },
      error: reject,
      complete: resolve,
    });
  });
  try {
    await raceAbort(over, context.signal);
    await told;
    return new StreamedItems(items);
  } finally {
    subscription?.unsubscribe();
  }
}

async function take(item: unknown, items: unknown[], context: McpContext): Promise<void> {
  if (isProgress(item)) {
    await context.progress(item.progress, item.total, item.message);
    return;
  }
  items.push(item);
  await context.progress(items.length, undefined, typeof item === 'string' ? item : undefined);
}

const PROGRESS_KEYS = new Set(['progress', 'total', 'message']);

function isProgress(item: unknown): item is ProgressItem {
  if (typeof item !== 'object' || item === null) return false;
  const { progress } = item as Partial<ProgressItem>;
  return typeof progress === 'number' && Object.keys(item).every((key) => PROGRESS_KEYS.has(key));
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
