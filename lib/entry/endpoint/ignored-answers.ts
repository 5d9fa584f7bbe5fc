import type { ServerResponse } from 'node:http';
import type { PlatformResponse } from './node-request.js';

/**
 * Methods with which applications and Nest answer a request: those of Express and of Fastify, on their own objects. The
 * endpoint uses those of Node.
 */
const ANSWERING = 'code download json jsonp redirect render send sendFile sendStatus status view'.split(' ');

/** Methods of Node that throw once the headers are sent. Interceptors that measure time call them at the end. */
const HEADER_SETTING = ['appendHeader', 'removeHeader', 'setHeader', 'setHeaders'];

/**
 * Ignores what others than the endpoint answer. Nest answers after the handler has returned, and filters and interceptors
 * may at any time.
 */
export function ignoreAnswers(response: PlatformResponse): void {
  replaceMethods(response, withoutAnswers);
}

/** Ignores headers that are set once they are sent. */
export function ignoreLateHeaders(raw: ServerResponse): void {
  replaceMethods(raw, withoutLateHeaders);
}

type Method = (this: object, ...parts: unknown[]) => unknown;

/** Some methods of objects, each in another form. */
interface Replacement {
  readonly names: readonly string[];
  readonly replace: (method: Method) => Method;
  /** Which objects have the other forms. */
  readonly mark: symbol;
  /** By the prototypes of such objects. */
  readonly derived: WeakMap<object, object>;
}

const withoutAnswers: Replacement = {
  names: ANSWERING,
  mark: Symbol('without answers'),
  replace: () =>
    function () {
      return this;
    },
  derived: new WeakMap(),
};

const withoutLateHeaders: Replacement = {
  names: HEADER_SETTING,
  mark: Symbol('without late headers'),
  replace: (set) =>
    function (...parts) {
      return (this as ServerResponse).headersSent ? this : set.apply(this, parts);
    },
  derived: new WeakMap(),
};

/**
 * Replaces methods of one object. Its prototype is changed once: on Node 20 and 22, each property that is added to a
 * response of Express takes several microseconds.
 */
function replaceMethods(target: object, replacement: Replacement): void {
  if (!(replacement.mark in target))
    Object.setPrototypeOf(target, derive(Object.getPrototypeOf(target) as object, replacement));
  // Middleware of the application may have given the object methods of its own.
  const own = replacement.names.filter((name) => Object.hasOwn(target, name));
  if (own.length > 0) copyMethods(target, target, { ...replacement, names: own });
}

/** What inherits from a prototype, and has the other forms. */
function derive(prototype: object, replacement: Replacement): object {
  const { derived, mark } = replacement;
  const known = derived.get(prototype);
  if (known) return known;
  const made = Object.defineProperty(Object.create(prototype) as object, mark, { value: true });
  copyMethods(prototype, made, replacement);
  derived.set(prototype, made);
  return made;
}

function copyMethods(from: object, to: object, { names, replace }: Replacement): void {
  for (const name of names) {
    const method: unknown = Reflect.get(from, name);
    if (typeof method === 'function') Object.defineProperty(to, name, { value: replace(method as Method), ...OPEN });
  }
}

const OPEN = { writable: true, configurable: true } as const;
