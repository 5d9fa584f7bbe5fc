import type { ServerResponse } from 'node:http';
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import { toReadable } from '../../errors/reason.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { createErrorBody } from './error-body.js';
import type { McpRequest } from './mcp-request.js';
import type { PlatformResponse } from './node-request.js';
import { keepHeaders } from './preflight.js';

const logger = new CleanLogger('McpEndpoint');

/**
 * Takes a response from the platform, and runs what answers it. From here on no filter can answer: Fastify would end the
 * response with status 200 and without a body, and Express would answer a second time. So whatever is thrown is answered
 * here. A response that has begun is cut off, so that the client does not take it for complete.
 */
export async function takeOver(
  request: McpRequest,
  response: PlatformResponse,
  answer: (raw: ServerResponse) => Promise<void>,
): Promise<void> {
  const raw = response.raw ?? response;
  if (response.hijack) {
    keepHeaders(response);
    response.hijack();
  }
  try {
    await answer(raw);
  } catch (thrown) {
    const { correlationId } = request.trace;
    logger.error(`A request failed [${correlationId}]`, toReadable(thrown));
    if (raw.headersSent) raw.destroy();
    else sendFailure(raw, request.body, `Internal error. Reference for support: ${correlationId}`);
  }
}

function sendFailure(raw: ServerResponse, body: unknown, message: string): void {
  raw
    .writeHead(500, { 'Content-Type': 'application/json' })
    .end(JSON.stringify(createErrorBody(body, ProtocolErrorCode.InternalError, message)));
}
