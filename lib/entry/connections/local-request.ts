import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import { findRequest, type McpRequest } from '../endpoint/mcp-request.js';
import type { PlatformRequest } from '../endpoint/node-request.js';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import { RequestTrace } from '../../observability/request-trace.js';

/** A message that did not come over HTTP, in the form of a request that guards understand. */
export interface LocalRequest {
  readonly request: McpRequest;
  readonly context: ExecutionContextHost;
}

/** @param token - stands for the user of the connection */
export function createLocalRequest(
  body: unknown,
  token: string | undefined,
  catalogue: Catalogue,
  options: ResolvedOptions,
): LocalRequest {
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  const operation = catalogue.read(body);
  const platform = {
    method: 'POST',
    url: '/',
    headers: authorization === undefined ? {} : { authorization },
    rawHeaders: authorization === undefined ? [] : ['authorization', authorization],
    socket: {},
    body,
  } as unknown as PlatformRequest;
  const response = new EventEmitter() as unknown as ServerResponse;
  const context = new ExecutionContextHost([platform, response]);
  const request = findRequest(platform);
  request.surface = catalogue;
  request.operation = operation;
  request.trace = new RequestTrace({}, body, operation, options);
  return { request, context };
}
