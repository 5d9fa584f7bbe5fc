import { ServerResponse } from 'node:http';
import type { PlatformResponse } from './node-request.js';

/**
 * Methods with which applications and Nest answer a request: those of Express and of Fastify, on their own objects. The
 * endpoint uses those of Node.
 */
const ANSWERING = 'code download json jsonp redirect render send sendFile sendStatus status view'.split(' ');

/** Methods of Node that throw once the headers are sent. Interceptors that measure time call them at the end. */
const HEADER_SETTING = ['appendHeader', 'removeHeader', 'setHeader', 'setHeaders'].map((name) => {
  const ofNode = (ServerResponse.prototype as unknown as Record<string, SetHeader>)[name] as SetHeader;
  return [name, ofNode, toEarly(ofNode)] as const;
});

/**
 * Ignores what others than the endpoint answer. Nest answers after the handler has returned, and filters and interceptors
 * may at any time.
 */
export function ignoreAnswers(response: PlatformResponse): void {
  const answering = response as unknown as Record<string, () => unknown>;
  const ignore = () => response;
  for (const name of ANSWERING) if (name in answering) answering[name] = ignore;
}

/** Ignores headers that are set once they are sent. */
export function ignoreLateHeaders(raw: ServerResponse): void {
  const setting = raw as unknown as Record<string, SetHeader | undefined>;
  for (const [name, ofNode, setEarly] of HEADER_SETTING) {
    const set = setting[name];
    if (set !== undefined) setting[name] = set === ofNode ? setEarly : toEarly(set);
  }
}

type SetHeader = (this: ServerResponse, ...parts: unknown[]) => unknown;

function toEarly(set: SetHeader): SetHeader {
  return function (...parts) {
    return this.headersSent ? this : set.apply(this, parts);
  };
}
