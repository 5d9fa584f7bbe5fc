import { Injectable, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Throttle } from '@nestjs/throttler';
import {
  Denial,
  McpExecutionContext,
  McpOpenApi,
  McpOperation,
  McpTool,
  UsePolicy,
  type AuditEvent,
  type McpAuthModuleOptions,
  type OperationCall,
  type Policy,
  type PolicyRequest,
} from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../../downstream/downstream-server.js';
import { callTool, message, post, type ToolResult } from '../../support/mcp-request.js';
import type { Platform } from '../../support/test-application.js';

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
const responses = { 200: { description: 'Done' } };

/** Orders, whose operations are searched. */
export const shopDocument = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  security: [{ oauth: ['orders:read'] }],
  paths: {
    '/orders': {
      get: { operationId: 'listOrders', summary: 'Lists orders.', tags: ['orders'], responses },
      post: {
        operationId: 'createOrder',
        summary: 'Places an order.',
        tags: ['orders'],
        security: [{ oauth: ['orders:write'] }],
        requestBody: {
          content: { 'application/json': { schema: { type: 'object', properties: { item: { type: 'string' } } } } },
        },
        responses,
      },
    },
    '/orders/{id}': {
      parameters: [id],
      get: { operationId: 'getOrder', summary: 'Reads an order.', tags: ['orders'], responses },
      delete: {
        operationId: 'deleteOrder',
        summary: 'Removes an order for good.',
        tags: ['orders'],
        security: [{ oauth: ['orders:admin'] }],
        responses,
      },
    },
    '/address': {
      get: { operationId: 'findAddress', summary: 'Where it goes.', responses },
      options: { operationId: 'askOptions', summary: 'What may be asked.', responses },
    },
    '/rates/{id}': {
      get: { operationId: 'getExchangeRate', summary: 'How much a currency is worth.', parameters: [id], responses },
    },
  },
  components: { securitySchemes: { oauth: { type: 'oauth2', flows: {} } } },
};

/** Operations that guards and policies were asked about. */
export const asked: string[] = [];

@Injectable()
class Watch implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { name } = McpExecutionContext.create(context).getOperation();
    asked.push(`guard ${name}`);
    return true;
  }
}

@Injectable()
class NotThirteen implements Policy {
  permits({ operation, arguments: args }: PolicyRequest): boolean | Denial {
    asked.push(`policy ${operation.name}`);
    return (args as { id?: string }).id === '13' ? new Denial('Thirteen brings bad luck.') : true;
  }
}

@McpOpenApi({ downstream: 'orders', document: shopDocument, offer: 'search', listed: 'listOrders' })
@UseGuards(Watch)
@UsePolicy(NotThirteen)
@Throttle({ default: { limit: 8, ttl: 60_000 } })
class ShopApi {
  @McpOperation('createOrder', { task: true })
  create(input: { item?: string }, call: OperationCall) {
    return call(input);
  }
}

@Injectable()
class OwnTools {
  @McpTool({ description: 'A tool that no document has' })
  ownTool(): string {
    return 'own';
  }
}

/** A server that lets models search {@link shopDocument}. */
export interface ShopServer extends DownstreamServer {
  readonly events: AuditEvent[];
}

export async function startShop(
  platform: Platform = 'express',
  options: Partial<McpAuthModuleOptions> = {},
): Promise<ShopServer> {
  const events: AuditEvent[] = [];
  const server = await startDownstreamServer({
    platform,
    providers: [ShopApi, Watch, NotThirteen, OwnTools],
    options: { observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } }, ...options },
  });
  return { ...server, events };
}

/** The names that `tools/list` shows. */
export async function listTools({ resource }: ShopServer, token: string): Promise<readonly string[]> {
  const response = await post(resource, message('tools/list'), { token });
  const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
  return result.tools.map(({ name }) => name);
}

/** The names that a search finds, the best first. */
export async function find({ resource }: ShopServer, token: string, query: string, limit?: number) {
  const result = await callTool(resource, token, 'find_operations', { query, ...(limit !== undefined && { limit }) });
  const { operations } = (result as ToolResult & { structuredContent: { operations: { name: string }[] } })
    .structuredContent;
  return operations.map(({ name }) => name);
}
