import type { IncomingMessage, ServerResponse } from 'node:http';
import { All, Inject, MethodNotAllowedException, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import { AuthenticationGuard } from '../authentication/authentication.guard.js';
import { AuthorizationGuard } from '../authorization/authorization.guard.js';
import type { AuthorizedOperations } from '../authorization/authorized-operations.js';
import { ChallengeFilter } from '../metadata/challenge.filter.js';
import { McpServing } from '../serving/mcp-serving.js';

/** A request behind both guards, as Express has it, or as Fastify does with Node's own in `raw`. */
type GuardedRequest = IncomingMessage & {
  raw?: IncomingMessage;
  body?: unknown;
  authorizedOperations: AuthorizedOperations;
};

/** A response of Express, or of Fastify, which has to be told that someone else answers. */
type Response = ServerResponse & {
  raw?: ServerResponse;
  hijack?: () => void;
};

/** The MCP endpoint (Streamable HTTP): every method of HTTP comes through both guards. */
@UseFilters(ChallengeFilter)
@UseGuards(AuthenticationGuard, AuthorizationGuard)
export class McpController {
  constructor(@Inject(McpServing) private readonly serving: McpServing) {}

  @All()
  async handle(@Req() request: GuardedRequest, @Res() response: Response): Promise<void> {
    const raw = response.raw ?? response;
    if (request.method !== 'POST') {
      // There are no sessions, and so no streams to open (GET) and nothing to end (DELETE).
      raw.setHeader('Allow', 'POST');
      throw new MethodNotAllowedException();
    }
    if (response.hijack) {
      // Headers that Fastify's plugins have set so far, CORS among them, would be lost with its reply.
      for (const [name, value] of Object.entries(response.getHeaders()))
        if (value !== undefined) raw.setHeader(name, value);
      response.hijack();
    }
    await this.serving.serve(request.raw ?? request, raw, request.body, request.authorizedOperations);
  }
}
