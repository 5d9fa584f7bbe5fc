import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import onHeaders from 'on-headers';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { buildLinkPath } from '../../on-behalf-of/linking/link-paths.js';
import { EarlyRequests } from './early-requests.js';
import { adaptRoutes } from './fastify-routes.js';
import { isSharing } from './shared-paths.js';
import { WELL_KNOWN } from '../endpoint/endpoint-options.js';
import { RefusedAnswers } from '../endpoint/refused-answers.js';

/** What a cache has to compare: the answer depends on the caller, and on the origin of the page (RFC 9110 section 12.5.5). */
const VARY = ['Authorization', 'Origin'];

/** A request target (RFC 9112 section 3.2). Routers end the path where a query or a fragment begins. */
const PARTS_OF_TARGET = /^(?<origin>https?:\/\/[^/?#]*)?(?<path>[^?#;]*)(?<rest>.*)$/is;

/**
 * Sets the headers that every answer of a server has, whoever gives it: a guard, a body parser, a filter of the
 * application, or another server behind `@ProtectedMcp`. Nothing is stored in caches, and nothing is taken for another
 * type than it says. The RFC 9728 document may be stored, because it is the same for everybody.
 */
@Injectable()
export class AnswerHeaders {
  readonly #documents: ReadonlySet<string>;
  readonly #paths: ReadonlySet<string>;
  readonly #pages: string;
  readonly #endpoint: string;

  constructor(
    options: ResolvedOptions,
    host: HttpAdapterHost,
    early: EarlyRequests,
    private readonly refused: RefusedAnswers,
  ) {
    const { backChannelLogoutPath, endpoint } = options;
    const { path, metadataPaths } = endpoint;
    this.#endpoint = path.toLowerCase();
    this.#documents = new Set(metadataPaths.map((one) => one.toLowerCase()));
    this.#paths = new Set([path, backChannelLogoutPath ?? path].map((one) => one.toLowerCase()));
    this.#pages = `${buildLinkPath(path)}/`.toLowerCase();
    early.restrictTo((request) => this.#isOurs(readPath(request)));
    // The adapter is there before it has body parsers, whose refusals are answers too.
    host.init$.subscribe(() => {
      // An application context has none, for example one that serves stdio.
      const httpAdapter = host.httpAdapter as HttpAdapterHost['httpAdapter'] | null;
      if (httpAdapter?.getType() === 'fastify')
        adaptRoutes(
          httpAdapter.getInstance(),
          (one) => this.#isOurs(toComparedPath(one)),
          (one) => (toComparedPath(one) === path.toLowerCase() ? endpoint.maxBodySize : undefined),
        );
      const isExpress = httpAdapter?.getType() === 'express';
      httpAdapter?.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        const path = readPath(request);
        this.#watch(path, request, response);
        // Fastify decodes paths before it looks for a route. Express does not.
        if (isExpress && this.#isRoute(path)) request.url = decodePath(request.url);
        if (isExpress && this.#isOurs(path) && isSharing(options)) ignoreForwardedHost(request);
        next();
      });
    });
  }

  #isOurs(path: string): boolean {
    return this.#isRoute(path) || path.startsWith(this.#pages);
  }

  /** Whether a path is one of ours as it is, without a part that varies. */
  #isRoute(path: string): boolean {
    return this.#isDocument(path) || this.#paths.has(path);
  }

  #isDocument(path: string): boolean {
    return path.startsWith(WELL_KNOWN) || this.#documents.has(path);
  }

  #watch(path: string, request: IncomingMessage, response: ServerResponse): void {
    const isDocument = this.#isDocument(path);
    if (!this.#isOurs(path)) return;
    if (path === this.#endpoint) this.refused.watch(request, response);
    onHeaders(response, function () {
      // The SDK says `keep-alive` of each stream, also to who asked for the connection to be closed. HTTP/2 has no such header.
      if (request.httpVersionMajor < 2 && !this.shouldKeepAlive) this.setHeader('Connection', 'close');
      this.setHeader('X-Content-Type-Options', 'nosniff');
      if (isDocument && this.statusCode < 400) return;
      // Proxies must not compress a stream of events, because they would hold it back.
      const isStream = String(this.getHeader('Cache-Control')).includes('no-transform');
      this.setHeader('Cache-Control', isStream ? 'no-store, no-transform' : 'no-store');
      this.setHeader('Vary', addWords(this.getHeader('Vary'), VARY));
      // Express makes one of each body. Without one, nobody asks whether what was kept is still good.
      this.removeHeader('ETag');
    });
  }
}

/**
 * Nest tells the servers of one path apart by what Express calls the host. With `trust proxy` that is a header that a page
 * can send.
 */
function ignoreForwardedHost(request: IncomingMessage): void {
  if (!('x-forwarded-host' in request.headers)) return;
  const hostname = request.headers.host?.replace(/:\d*$/, '');
  Object.defineProperty(request, 'hostname', { value: hostname, configurable: true });
}

/** The path of a request as routers compare it: Express ignores case and a slash at the end, Fastify decodes. */
function readPath({ url }: IncomingMessage): string {
  return toComparedPath(PARTS_OF_TARGET.exec(url ?? '')?.groups?.path ?? '');
}

function toComparedPath(path: string): string {
  return decode(path).toLowerCase().replace(/\/$/, '');
}

/** Decodes the path of a request target, and leaves the rest as it is. */
function decodePath(target: string | undefined): string | undefined {
  if (target?.includes('%') !== true) return target;
  const { origin = '', path = '', rest = '' } = PARTS_OF_TARGET.exec(target)?.groups ?? {};
  return `${origin}${decode(path)}${rest}`;
}

/** An encoded slash is none (RFC 3986 section 2.2). */
function decode(text: string): string {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

function addWords(present: ReturnType<ServerResponse['getHeader']>, words: readonly string[]): string {
  const all = [present ?? []].flat().flatMap((value) => String(value).split(','));
  const trimmed = [...all, ...words].map((word) => word.trim()).filter((word) => word !== '');
  return trimmed
    .filter((word, index) => !trimmed.slice(0, index).some((one) => one.toLowerCase() === word.toLowerCase()))
    .join(', ');
}
