import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';

/** A request of Express or Fastify. Fastify keeps Node's own request in `raw`. */
export type PlatformRequest = IncomingMessage & { raw?: IncomingMessage; body?: unknown; ip?: string };

/** A response of Express or Fastify. Fastify has to be told if someone else answers. */
export type PlatformResponse = ServerResponse & {
  raw?: ServerResponse;
  hijack?: () => void;
};

/** Returns Node's own request. */
export function toNodeRequest(request: PlatformRequest): IncomingMessage {
  return request.raw ?? request;
}

/** The response of an HTTP context. */
export function getResponse(context: ExecutionContext): PlatformResponse {
  return context.getArgByIndex<PlatformResponse>(1);
}
