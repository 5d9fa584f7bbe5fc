import type { ServerResponse } from 'node:http';
import type { PlatformResponse } from './node-request.js';

/**
 * Methods with which applications and Nest answer a request: those of Express and of Fastify, on their own objects. The
 * endpoint uses those of Node.
 */
const ANSWERING = 'code download json jsonp redirect render send sendFile sendStatus status view'.split(' ');

/** Methods of Node that throw once the headers are sent. Interceptors that measure time call them at the end. */
const HEADER_SETTING = ['appendHeader', 'removeHeader', 'setHeader', 'setHeaders'] as const;

/**
 * Ignores what others than the endpoint answer. Nest answers after the handler has returned, and filters and interceptors
 * may at any time.
 */
export function ignoreAnswers(response: PlatformResponse): void {
  for (const name of ANSWERING) if (name in response) Object.assign(response, { [name]: () => response });
}

/** Ignores headers that are set once they are sent. */
export function ignoreLateHeaders(raw: ServerResponse): void {
  for (const name of HEADER_SETTING) {
    const set = (raw as Partial<Record<typeof name, (...parts: unknown[]) => unknown>>)[name];
    if (!set) continue;
    Object.assign(raw, { [name]: (...parts: unknown[]) => (raw.headersSent ? raw : set.apply(raw, parts)) });
  }
}
