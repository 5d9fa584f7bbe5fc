import { types } from 'node:util';

/** Maximum characters of one message. Whoever throws determines its length. */
const MAX_LENGTH = 2_000;

/** Stands for a value that was thrown and cannot be looked at. */
const UNREADABLE = 'something was thrown that cannot be read';

/** What `instanceof`, the log and Nest look at. */
const READ = ['name', 'message', 'code', 'cause'];

/**
 * What application code threw, if all code may look at it. Getters of an error may throw, and a Proxy may throw even at
 * `instanceof`. Such a value is replaced by an error that says so.
 */
export function toReadable(thrown: unknown): unknown {
  return isReadable(thrown) ? thrown : new Error(UNREADABLE);
}

/** The message of what was thrown, with that of its cause. Never throws, whatever was thrown. */
export function describeError(thrown: unknown): string {
  try {
    const error = toReadable(thrown);
    if (!(error instanceof Error)) return cut(String(error));
    const cause = toReadable(error.cause);
    return cause instanceof Error ? `${cut(error.message)} (${cut(cause.message)})` : cut(error.message);
  } catch {
    return UNREADABLE;
  }
}

/** The message of an error, without that of its cause; of anything else its type. Never throws. */
export function readMessage(thrown: unknown): string {
  const error = toReadable(thrown);
  try {
    return error instanceof Error ? cut(error.message) : typeof error;
  } catch {
    return UNREADABLE;
  }
}

function isReadable(thrown: unknown): boolean {
  try {
    if (!isObject(thrown)) return true;
    if (hasProxy(thrown)) return false;
    for (const key of READ) void Reflect.get(thrown, key);
    return true;
  } catch {
    return false;
  }
}

/** Whether a value or one of its prototypes is a Proxy. Looks at no Proxy. */
function hasProxy(value: object): boolean {
  for (let one: unknown = value; isObject(one); one = Object.getPrototypeOf(one)) if (types.isProxy(one)) return true;
  return false;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** The message of an error may be anything. */
function cut(message: unknown): string {
  if (typeof message !== 'string') return `a message that is no text: ${typeof message}`;
  return message.length > MAX_LENGTH ? `${message.slice(0, MAX_LENGTH)}...` : message;
}
