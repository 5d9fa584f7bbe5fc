import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request as Express has it, or as Fastify does, with Node's own in `raw`. */
export type PlatformRequest = IncomingMessage & { raw?: IncomingMessage; body?: unknown };

/** A response of Express, or of Fastify, which has to be told that someone else answers. */
export type PlatformResponse = ServerResponse & {
  raw?: ServerResponse;
  hijack?: () => void;
};

/** Node's own request. */
export function toNodeRequest(request: PlatformRequest): IncomingMessage {
  return request.raw ?? request;
}
