import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { ApplicationConfig, ContextIdFactory, HttpAdapterHost, type NestContainer } from '@nestjs/core';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import { REQUEST_CONTEXT_ID } from '@nestjs/core/router/request/request-constants.js';
import { RouterExceptionFilters } from '@nestjs/core/router/router-exception-filters.js';
import { getRequest } from './mcp-request.js';
import type { PlatformRequest } from './node-request.js';

/**
 * Takes what interceptors of the application throw once the endpoint answers, such as a time limit. Nest would end the
 * response without a body, or have a filter write into it. Anything that is thrown earlier goes to the filters of the
 * application, as on any controller.
 */
@Catch()
export class InterruptionFilter implements ExceptionFilter {
  constructor(
    private readonly config: ApplicationConfig,
    private readonly host: HttpAdapterHost,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = getRequest(host);
    if (request.taken) request.taken.interrupt(thrown);
    else this.#createGlobalFilters(request.platform).next(thrown as Error, host);
  }

  #createGlobalFilters(request: PlatformRequest) {
    // Global filters are instances. Nest looks for none of them in a module.
    const none = undefined as unknown as NestContainer;
    const filters = new RouterExceptionFilters(none, this.config, this.host.httpAdapter);
    const contextId = REQUEST_CONTEXT_ID in request ? ContextIdFactory.getByRequest(request) : STATIC_CONTEXT;
    return filters.create({}, () => undefined, '', contextId);
  }
}
