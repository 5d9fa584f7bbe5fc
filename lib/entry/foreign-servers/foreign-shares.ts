import { HttpException, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LimitError } from '../../errors/limit-error.js';
import { CallerLimits } from '../../limits/caller-limits.js';
import { measureText } from '../../limits/fair-cache.js';
import type { Lease } from '../../limits/lease.js';
import { STREAM_SIZE } from '../../limits/quantity.js';
import { describeLimit } from '../../mcp/invocation/limit-answer.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import type { McpRequest } from '../endpoint/mcp-request.js';

/** Counts the calls and streams of other servers for each caller. */
@Injectable()
export class ForeignShares {
  constructor(
    private readonly limits: CallerLimits,
    private readonly host: HttpAdapterHost,
  ) {}

  /**
   * Counts a request.
   *
   * @param response - as the platform has it
   * @param endStream - ends the answer, if it is a stream for events to come
   * @throws HttpException with 429 or 503 if the caller, or all callers together, have too many
   */
  take(request: McpRequest<Offer>, response: unknown, endStream: (() => void) | undefined): Lease {
    const { caller, body, trace } = request;
    const bytes = measureText(JSON.stringify(body ?? null));
    try {
      return endStream
        ? this.limits.of('streams').take(caller, { bytes: bytes + STREAM_SIZE, onDisplaced: endStream })
        : this.limits.of('callsInFlight').take(caller, { bytes });
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      trace.fail(error.code);
      const answer = describeLimit(error, body);
      for (const [name, value] of Object.entries(answer.headers))
        this.host.httpAdapter.setHeader(response, name, value);
      throw new HttpException(answer.body, answer.status);
    }
  }
}
