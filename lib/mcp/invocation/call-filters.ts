import { readMessage, toReadable } from '../../errors/reason.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import { CallExecutionContext, getResponse } from './call-execution-context.js';
import { toThrottledError } from './call-throttlers.js';
import { Suspension } from './client-channel.js';

/** A method behind its guards, pipes, interceptors and filters. */
export type EnhancedMethod = (context: McpContext, input: unknown) => Promise<unknown>;

/** The filters of a method, in Nest's form. */
interface Filters {
  invokeCustomFilters(exception: unknown, host: CallExecutionContext): unknown;
}

const logger = new CleanLogger('McpTool');

/** Nest only logs an unhandled error. Here the caller of this function reports and logs it with the correlation id. */
export function wrapInFilters(target: EnhancedMethod, filters: Filters, type: string): EnhancedMethod {
  return async (context, input) => {
    const response = getResponse(context);
    try {
      const result = await target(context, input);
      if (!response.headersSent) return result;
      throw new Error(
        `A guard or an interceptor of the application wrote to the response, with status ${response.statusCode}. In a call of MCP there is none: throw an exception, or return`,
      );
    } catch (thrown) {
      const error = toReadable(thrown);
      // A call that waits for its client has not failed, and filters do not decide about access.
      if (error instanceof Suspension || error instanceof AccessDeniedError) throw error;
      const host = new CallExecutionContext([context, input]);
      host.setType(type);
      const answer = await askFilters(filters, error, host, context);
      if (answer === undefined || answer === null) throw toThrottledError(error, response);
      return answer;
    } finally {
      response.conclude();
    }
  };
}

/** Asks the filters to handle an error. A filter that only supports HTTP fails without a response and is ignored. */
async function askFilters(
  filters: Filters,
  error: unknown,
  host: CallExecutionContext,
  context: McpContext,
): Promise<unknown> {
  const warn = (problem: string) => {
    logger.warn(
      `An exception filter failed [${context.correlationId}]: ${problem}. If getType() is 'mcp', nobody sends the response. Return what the client may know`,
    );
  };
  const response = getResponse(context);
  response.headersSent = false;
  try {
    const answer = await filters.invokeCustomFilters(error, host);
    if (!response.sent) return answer;
    warn('it wrote to the response');
  } catch (thrown) {
    const failure = toReadable(thrown);
    if (!(failure instanceof TypeError)) throw failure;
    warn(readMessage(failure));
  }
  return undefined;
}
