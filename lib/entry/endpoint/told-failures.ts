import { STATUS_CODES } from 'node:http';
import { toReadable } from '../../errors/reason.js';
import { isToldException, ToldFailure } from '../../errors/told-exception.js';
import { CleanLogger } from '../../log/clean-logger.js';
import type { RequestTrace } from '../../observability/request-trace.js';

const logger = new CleanLogger('McpEndpoint');

/**
 * What may be told of a failed check: what is written for the client, as it is. Anything else is logged, and becomes a
 * failure that tells nothing. Nest would answer with the message of some of the errors that application code throws, and
 * cannot look at others.
 */
export function toTold(thrown: unknown, trace: RequestTrace): Error {
  const error = toReadable(thrown);
  if (isToldException(error)) return error;
  logger.error(`A request failed [${trace.correlationId}]`, error);
  // Filters of the application, such as those of error trackers, find it there.
  return new ToldFailure(STATUS_CODES[500] ?? '', 500, { cause: error });
}
