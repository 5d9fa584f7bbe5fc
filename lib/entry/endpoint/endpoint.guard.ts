import {
  BadRequestException,
  ForbiddenException,
  HttpException,
  Injectable,
  PayloadTooLargeException,
  ServiceUnavailableException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Refusal } from '../../errors/refusal.js';
import { isTooDeep, MAX_DEPTH } from '../../json/json-depth.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { ProtectedSurface } from '../../resource-server/catalogue/protected-surface.js';
import { AuditLog } from '../../observability/audit-log.js';
import { InFlight } from '../../mcp/protocol/in-flight.js';
import { RequestTrace } from '../../observability/request-trace.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { getRequest, type McpRequest } from './mcp-request.js';
import { readMessageBody } from './message-body.js';
import { getResponse, type PlatformResponse } from './node-request.js';
import { describeMalformedHost, describeSize, describeSource, TOO_DEEP } from './refused-request.js';
import { createErrorBody } from '../../mcp/protocol/error-body.js';
import { RefusedAnswers } from './refused-answers.js';
import { findOriginProblem, HostJudge, readHosts } from './request-source.js';

/** Response headers that a client in a browser must be able to read. */
const EXPOSED = ['WWW-Authenticate', 'DPoP-Nonce', 'Retry-After', 'MCP-Protocol-Version', 'Mcp-Session-Id'];

/** Seconds after which a client may ask again. A balancer has another server by then. */
const RETRY_AFTER = 1;

/** Parts of this package that wait for the end of a response, besides those that Node expects. */
const OWN_LISTENERS = 5;

type Problem = 'malformed_host' | 'host' | 'origin' | 'size' | 'depth';

/** Checks the origin, host and size of a request before its token is read. */
@Injectable()
export class EndpointGuard implements CanActivate {
  readonly #hosts: HostJudge;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly audit: AuditLog,
    private readonly host: HttpAdapterHost,
    private readonly inFlight: InFlight,
    private readonly refused: RefusedAnswers,
  ) {
    this.#hosts = new HostJudge(options.endpoint);
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = getRequest(context);
    const response = getResponse(context);
    // Almost always, the body is there: a promise would be waited for.
    const read = readMessageBody(request.platform, this.options.endpoint.maxBodySize);
    return read === undefined
      ? this.#check(request, response, undefined)
      : read.then((problem) => this.#check(request, response, problem));
  }

  #check(request: McpRequest, response: PlatformResponse, bodyProblem: 'size' | undefined): boolean {
    const { endpoint } = this.options;
    this.#observe(request, response);
    const { origin } = request.headers;
    const { node } = request;
    const hosts = readHosts(node);
    const hostProblem = this.#hosts.findProblem(node, hosts);
    if (hostProblem === 'malformed_host') throw this.#refuse(request, 'malformed_host', describeMalformedHost(hosts));
    const sourceProblem = hostProblem ?? findOriginProblem(origin, endpoint);
    if (sourceProblem)
      throw this.#refuse(request, sourceProblem, describeSource(sourceProblem, hosts, request, endpoint));
    if (origin !== undefined) {
      this.#setHeader(response, 'Access-Control-Allow-Origin', origin);
      this.#setHeader(response, 'Access-Control-Expose-Headers', EXPOSED.join(', '));
    }
    if (!this.inFlight.admit(response.raw ?? response)) throw this.#createStoppingException(request, response);
    if (isTooDeep(request.body)) throw this.#refuse(request, 'depth', TOO_DEEP);
    const size = measureSize(request);
    request.size = size;
    if (bodyProblem ?? size > endpoint.maxBodySize)
      throw this.#refuse(request, 'size', describeSize(size, endpoint.maxBodySize));
    return true;
  }

  #observe(request: McpRequest, response: PlatformResponse): void {
    // If another server answers, its rules are already set.
    const surface = (request.surface as ProtectedSurface | undefined) ?? this.catalogue;
    const operation = request.method === 'POST' ? surface.read(request.body) : undefined;
    request.surface = surface;
    const trace = new RequestTrace(request.headers, request.body, operation, this.options);
    request.trace = trace;
    request.operation = operation;
    const raw = response.raw ?? response;
    this.refused.claim(raw, request);
    const most = raw.getMaxListeners(); // 0: any number
    if (most > 0) raw.setMaxListeners(most + OWN_LISTENERS);
    // One listener for all that waits for the end of a response: each costs a call of its own.
    raw.once('close', () => {
      trace.end(raw);
      request.heldSession?.release();
      this.inFlight.dismiss(raw);
    });
  }

  #refuse(request: McpRequest, problem: Problem, refusal: Refusal): HttpException {
    const { trace } = request;
    const reason = problem === 'malformed_host' ? 'host' : problem;
    trace.fail(reason);
    this.audit.record({
      type: 'request_refused',
      reason,
      ...refusal,
      ...trace.createAuditContext(undefined, undefined),
    });
    switch (problem) {
      case 'malformed_host':
        return new BadRequestException('A request has one Host, of a valid form');
      case 'depth':
        return createDepthException(request.body);
      case 'size':
        return new PayloadTooLargeException();
      default:
        return new ForbiddenException(`Requests of this ${problem} are not served here`);
    }
  }

  /** Clients and proxies must not use the connection again (RFC 9110 sections 7.6.1, 10.2.3 and 15.6.4). */
  #createStoppingException(request: McpRequest, response: PlatformResponse): ServiceUnavailableException {
    request.trace.fail('stopping');
    this.#setHeader(response, 'Retry-After', String(RETRY_AFTER));
    if (request.node.httpVersionMajor < 2) this.#setHeader(response, 'Connection', 'close');
    return new ServiceUnavailableException(
      createErrorBody(request.body, ProtocolErrorCode.InternalError, 'The server is stopping. Try again'),
    );
  }

  #setHeader(response: PlatformResponse, name: string, value: string): void {
    this.host.httpAdapter.setHeader(response, name, value);
  }
}

function createDepthException(body: unknown): BadRequestException {
  const message = `The message has more than ${MAX_DEPTH} levels of JSON`;
  return new BadRequestException(createErrorBody(body, ProtocolErrorCode.InvalidRequest, message));
}

/** Size of the body in bytes. Without a stated length, the application's parser has limited the body itself. */
function measureSize(request: McpRequest): number {
  const { 'content-length': stated, 'content-encoding': encoding = 'identity' } = request.node.headers;
  if (stated !== undefined && encoding.toLowerCase() === 'identity') return Number(stated);
  if (request.body === undefined) return 0;
  try {
    return Buffer.byteLength(JSON.stringify(request.body));
  } catch {
    // The body is nested too deeply to serialize.
    return Number.POSITIVE_INFINITY;
  }
}
