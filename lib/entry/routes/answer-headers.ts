import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, NotFoundException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import onHeaders from 'on-headers';
import { ShortTextCache } from '../../limits/short-text-cache.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { buildLinkPath } from '../../on-behalf-of/linking/link-paths.js';
import { EarlyRequests } from './early-requests.js';
import { adaptRoutes } from './fastify-routes.js';
import { isSharing } from './shared-paths.js';
import { WELL_KNOWN } from '../endpoint/endpoint-options.js';
import { RefusedAnswers } from '../endpoint/refused-answers.js';

/** What a cache has to compare: the answer depends on the caller, and on the origin of the page (RFC 9110 section 12.5.5). */
const VARY = ['Authorization', 'Origin'];
const ALONE = VARY.join(', ');

/** A request target (RFC 9112 section 3.2). Routers end the path where a query or a fragment begins. */
const PARTS_OF_TARGET = /^(?<origin>https?:\/\/[^/?#]*)?(?<path>[^?#;]*)(?<rest>.*)$/is;

/** How many request targets are remembered, and how long they may be. */
const KNOWN_TARGETS = { maxSize: 100, maxLength: 500 };

/** The part of a Fastify instance that is used here. */
interface Fastify {
  addHook(
    name: 'onRequest',
    hook: (
      request: { readonly raw: IncomingMessage },
      reply: { readonly raw: ServerResponse },
      done: () => void,
    ) => void,
  ): void;
}

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
  /** Paths of ours as they are written. */
  readonly #exact: ReadonlySet<string>;
  readonly #exactPages: string;
  readonly #compared = new ShortTextCache<string>(KNOWN_TARGETS);

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
    this.#exact = new Set([path, backChannelLogoutPath ?? path, ...metadataPaths, WELL_KNOWN]);
    this.#exactPages = `${buildLinkPath(path)}/`;
    this.#pages = this.#exactPages.toLowerCase();
    early.restrictTo((request) => this.#isOurs(this.#readPath(request)));
    // The adapter is there before it has body parsers, whose refusals are answers too.
    host.init$.subscribe(() => {
      // An application context has none, for example one that serves stdio.
      const httpAdapter = host.httpAdapter as HttpAdapterHost['httpAdapter'] | null;
      if (httpAdapter?.getType() === 'fastify') {
        adaptRoutes(
          httpAdapter.getInstance(),
          (one) => this.#isOurs(toComparedPath(one)),
          (one) => (toComparedPath(one) === path.toLowerCase() ? endpoint.maxBodySize : undefined),
        );
        // Costs less than a middleware, and comes before all of them.
        httpAdapter.getInstance<Fastify>().addHook('onRequest', ({ raw: request }, { raw: response }, done) => {
          this.#watch(this.#readPath(request), request, response);
          done();
        });
        return;
      }
      httpAdapter?.use((request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => {
        const path = this.#readPath(request);
        this.#watch(path, request, response);
        // Fastify decodes paths before it looks for a route. Express does not.
        if (this.#isRoute(path)) request.url = decodePath(request.url);
        if (isSharing(options) && this.#isOurs(path)) ignoreForwardedHost(request);
        if (this.#isMisspelt(request, path)) next(createNotFoundException(request));
        else next();
      });
    });
  }

  /** The path of a request as routers compare it: Express ignores case and a slash at the end, Fastify decodes. */
  #readPath({ url = '' }: IncomingMessage): string {
    return this.#compared.get(url) ?? this.#compared.set(url, toComparedPath(readTargetPath(url)));
  }

  #isOurs(path: string): boolean {
    return this.#isRoute(path) || path.startsWith(this.#pages);
  }

  /** Whether a path is one of ours as it is, without a part that varies. */
  #isRoute(path: string): boolean {
    return this.#isDocument(path) || this.#paths.has(path);
  }

  /**
   * Whether a path is one of ours but for the case of its letters. Paths are compared with case (RFC 3986 section
   * 6.2.2.1), as Fastify and proxies do. Express does not.
   */
  #isMisspelt({ url = '' }: IncomingMessage, path: string): boolean {
    if (this.#exact.has(url)) return false;
    const exact = trimSlash(readTargetPath(url));
    if (path.startsWith(this.#pages)) return !exact.startsWith(this.#exactPages);
    const isOurs = this.#paths.has(path) || this.#documents.has(path) || path === WELL_KNOWN;
    return isOurs && !this.#exact.has(exact);
  }

  #isDocument(path: string): boolean {
    return path.startsWith(WELL_KNOWN) || this.#documents.has(path);
  }

  #watch(path: string, request: IncomingMessage, response: ServerResponse): void {
    if (!this.#isOurs(path)) return;
    const isDocument = this.#isDocument(path);
    const { refused } = this;
    const isWatched = path === this.#endpoint;
    if (isWatched) refused.watch(request, response);
    onHeaders(response, function () {
      if (isWatched) refused.recordAnswer(request, this);
      // The SDK says `keep-alive` of each stream, also to who asked for the connection to be closed. HTTP/2 has no such header.
      if (request.httpVersionMajor < 2 && !this.shouldKeepAlive) this.setHeader('Connection', 'close');
      this.setHeader('X-Content-Type-Options', 'nosniff');
      if (isDocument && this.statusCode < 400) return;
      // Proxies must not compress a stream of events, because they would hold it back.
      const isStream = String(this.getHeader('Cache-Control')).includes('no-transform');
      this.setHeader('Cache-Control', isStream ? 'no-store, no-transform' : 'no-store');
      const vary = this.getHeader('Vary');
      this.setHeader('Vary', vary === undefined ? ALONE : addWords(vary, VARY));
      // Express makes one of each body. Without one, nobody asks whether what was kept is still good.
      if (this.hasHeader('ETag')) this.removeHeader('ETag');
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

function readTargetPath(url: string): string {
  return PARTS_OF_TARGET.exec(url)?.groups?.path ?? '';
}

function toComparedPath(path: string): string {
  return trimSlash(path).toLowerCase();
}

function trimSlash(path: string): string {
  return decode(path).replace(/\/$/, '');
}

/** As Nest answers where there is no route. */
function createNotFoundException({ method = '', url = '' }: IncomingMessage): NotFoundException {
  return new NotFoundException(`Cannot ${method} ${url}`);
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

function addWords(present: string | number | readonly string[], words: readonly string[]): string {
  const all = [present].flat().flatMap((value) => String(value).split(','));
  const trimmed = [...all, ...words].map((word) => word.trim()).filter((word) => word !== '');
  return trimmed
    .filter((word, index) => !trimmed.slice(0, index).some((one) => one.toLowerCase() === word.toLowerCase()))
    .join(', ');
}
