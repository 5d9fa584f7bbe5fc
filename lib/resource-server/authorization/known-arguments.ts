import { readCompletion, type CompletionRequest, type Operation } from '../access/operation.js';
import { parseWith } from '../catalogue/arguments-schema.js';
import type { Offer } from '../catalogue/primitive.js';
import { freezeCopy } from './frozen-copy.js';

/** Methods of companions: they are about the arguments of a primitive, and do not send all of them. */
const COMPANION_METHODS: ReadonlySet<string> = new Set(['completion/complete', 'resources/list']);

/** Whether an operation completes an argument, or lists the resources of a template. */
export function isCompanion(operation: Operation | undefined): boolean {
  return COMPANION_METHODS.has(operation?.method ?? '');
}

/** A rule or a policy looked at an argument that is not known yet. */
export class MissingArgumentError extends Error {
  constructor(name: string) {
    super(`The argument "${name}" is not known yet`);
  }
}

/**
 * The arguments of a primitive that a companion operation is about, without the one that is completed.
 *
 * @param body - the JSON-RPC message
 */
export function readKnownArguments(body: unknown): Readonly<Record<string, string>> {
  const { argument, arguments: known } = readCompletion(body);
  return Object.fromEntries(Object.entries(known).filter(([name]) => name !== argument));
}

/** The arguments of a primitive with a value that completes one of them. */
export function completeWith({ argument, arguments: known }: CompletionRequest, value: string): Record<string, string> {
  return { ...known, [argument]: value };
}

/**
 * Makes arguments that rules and policies can be asked with, of which some may be missing. They are validated as far as
 * the schema can do it. Whatever looks at a missing one throws: nobody can tell what it would be.
 */
export async function toKnownArguments(
  { input }: Offer,
  known: Readonly<Record<string, unknown>>,
): Promise<{ readonly value: object }> {
  const whole = input ? await parseWith(input, known) : { value: known };
  const parsed = 'value' in whole ? whole : await parseWith(toPartial(input), known);
  const value: unknown = 'value' in parsed ? freezeCopy(parsed.value) : {};
  return { value: withholdMissing(typeof value === 'object' && value !== null ? value : {}) };
}

/** Schemas of zod can do without some of their members. Other schemas validate all arguments, or none. */
function toPartial(input: Offer['input']): Offer['input'] {
  const { partial } = (input ?? {}) as { partial?: unknown };
  try {
    return typeof partial === 'function' ? (partial.call(input) as Offer['input']) : undefined;
  } catch {
    return undefined;
  }
}

/** Whatever looks at an argument that is not known throws. */
export function withholdMissing(known: object): object {
  const look = (key: PropertyKey) => {
    if (typeof key === 'string' && !Object.hasOwn(known, key)) throw new MissingArgumentError(key);
  };
  return new Proxy(known, {
    get: (target, key) => {
      look(key);
      return Reflect.get(target, key) as unknown;
    },
    has: (target, key) => {
      look(key);
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor: (target, key) => {
      look(key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    ownKeys: () => {
      throw new MissingArgumentError('*');
    },
  });
}
