import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import { hasLeft } from '../endpoint/left-clients.js';
import { preparePayload, isReadable } from '../endpoint/message-body.js';

/** What is known of a route of Fastify before it is added. */
interface Route {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly handler: Handler;
  readonly constraints?: unknown;
  bodyLimit?: number;
  preParsing?: PreParsing | readonly PreParsing[];
  errorHandler?: (
    this: unknown,
    error: Error & { readonly code?: string; readonly statusCode?: number },
    request: unknown,
    reply: unknown,
  ) => unknown;
}

type Handler = (this: unknown, request: unknown, reply: unknown) => unknown;

type PreParsing = (
  this: unknown,
  request: { readonly raw: IncomingMessage },
  reply: unknown,
  payload: Readable,
) => Promise<Readable>;

interface RouterOptions {
  readonly ignoreTrailingSlash?: boolean;
}

/** The body was left alone: there is none, or none of the parsers is for its type. */
const UNPARSED = new Set([
  'FST_ERR_CTP_EMPTY_JSON_BODY',
  'FST_ERR_CTP_INVALID_MEDIA_TYPE',
  'FST_ERR_CTP_EMPTY_TYPE',
  'FST_ERR_ROUTE_MISSING_CONTENT_TYPE',
]);

/** The body is not read, because its stated length is over the limit. The endpoint says so itself, and records it. */
const TOO_LARGE = 'FST_ERR_CTP_BODY_TOO_LARGE';

/** The part of a Fastify instance that is used here. */
interface Fastify {
  readonly initialConfig: RouterOptions & { readonly routerOptions?: RouterOptions };
  addHook(name: 'onRoute', hook: (this: Fastify, route: Route) => void): void;
  hasRoute(route: {
    readonly method: string | undefined;
    readonly url: string;
    readonly constraints: unknown;
  }): boolean;
  route(route: Route): void;
}

/**
 * Makes Fastify serve our routes as Express does: with a slash at the end, too; with messages of the size that the endpoint
 * allows, compressed or not; and with a challenge, or another answer of ours, where Fastify finds no body to parse. Called before there are
 * routes.
 *
 * @param isOurs - whether a path is one of ours
 * @param findLimit - bytes of a message to a path; `undefined` for the application's own limit
 */
export function adaptRoutes(
  instance: unknown,
  isOurs: (path: string) => boolean,
  findLimit: (path: string) => number | undefined,
): void {
  const fastify = instance as Fastify;
  const { initialConfig } = fastify;
  const isSlashIgnored = initialConfig.routerOptions?.ignoreTrailingSlash ?? initialConfig.ignoreTrailingSlash ?? false;
  fastify.addHook('onRoute', function (route) {
    const { url, handler } = route;
    if (!isOurs(url)) return;
    const slashed = { ...route, url: `${url}/` };
    const bodyLimit = findLimit(url);
    if (bodyLimit !== undefined) {
      route.bodyLimit = bodyLimit;
      route.preParsing = [
        async ({ raw }, _reply, payload) => await preparePayload(raw, payload, bodyLimit),
        ...[route.preParsing ?? []].flat(),
      ];
    }
    route.errorHandler = function (error, request, reply) {
      const { headers, raw } = request as { headers: IncomingHttpHeaders; raw: IncomingMessage };
      // Nest would log that as a failure of the server.
      if (hasLeft(raw)) return undefined;
      const isStated = Number(headers['content-length']) > (bodyLimit ?? Infinity);
      if (error.code !== undefined && (UNPARSED.has(error.code) || (error.code === TOO_LARGE && isStated)))
        return handler.call(this, request, reply);
      // Fastify parses bodies in any other coding, and in any charset, as they are.
      if (error.statusCode === 400 && !isReadable({ headers })) throw new UnsupportedMediaTypeException();
      throw error;
    };
    if (isSlashIgnored || url.endsWith('/')) return;
    // The route of HEAD comes by itself with that of GET.
    const [method] = [route.method].flat();
    if (!this.hasRoute({ method, url: slashed.url, constraints: route.constraints })) this.route(slashed);
  });
}
