import { createHash } from 'node:crypto';

/** Characters of the mark that tells identifiers apart. */
const MARK = 6;

/** Methods that Nest, or the language, calls by their name. */
const CALLED = [
  'beforeApplicationShutdown',
  'canActivate',
  'catch',
  'configure',
  'intercept',
  'onApplicationBootstrap',
  'onApplicationShutdown',
  'onModuleDestroy',
  'onModuleInit',
  'prototype',
  'then',
  'toJSON',
  'transform',
  'use',
  ...Object.getOwnPropertyNames(Object.prototype),
];

/** Identifiers of one scope, none of which is there twice. */
export class Identifiers {
  readonly #taken: Set<string>;

  /** @param taken - identifiers that mean something else */
  constructor(taken: readonly string[]) {
    this.#taken = new Set(taken);
  }

  /**
   * Takes an identifier.
   *
   * @param key - tells its owner from others. An identifier that is taken gets a mark of it, whatever the order
   */
  take(wanted: string, key: string): string {
    const hash = createHash('sha256').update(key).digest('hex').slice(0, MARK);
    let identifier = wanted;
    while (this.#taken.has(identifier)) identifier = identifier === wanted ? `${wanted}_${hash}` : `${identifier}_`;
    this.#taken.add(identifier);
    return identifier;
  }
}

/** Names of methods that no operation may have. */
export function createMethodNames(): Identifiers {
  return new Identifiers(CALLED);
}

/** `createOrder` for `create-order`. */
export function toMethodName(name: string): string {
  const pascal = toTypeName(name);
  // A name that is in capitals, such as `GET`, stays so.
  return /^[A-Z]{2}/.test(pascal) ? pascal : `${pascal.charAt(0).toLowerCase()}${pascal.slice(1)}`;
}

/** `CreateOrder` for `create-order`. */
export function toTypeName(name: string): string {
  const pascal = name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');
  return /^[A-Z]/.test(pascal) ? pascal : `Api${pascal}`;
}
