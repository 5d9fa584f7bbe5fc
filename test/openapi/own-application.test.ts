import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Body, Controller, Get, Headers, Injectable, Param, Post, Query, type INestApplication } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOAuth2,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  DocumentBuilder,
  SwaggerModule,
} from '@nestjs/swagger';
import { decodeJwt } from 'jose';
import {
  clientSecretBasic,
  McpAuthModule,
  McpOpenApi,
  McpOpenApiModule,
  McpOperation,
  type OperationCall,
} from 'nestjs-mcp-auth';
import { callTool, message, post } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';

class NewOrder {
  @ApiProperty({ type: String, description: 'What is ordered.' })
  item!: string;

  @ApiProperty({ type: Number, required: false })
  quantity?: number;
}

/** The routes that the application has anyway. They need a token for the API, not for the MCP server. */
@ApiBearerAuth()
@Controller('api/orders')
class OrdersController {
  @Get(':id')
  @ApiOperation({ operationId: 'getOrder', summary: 'Reads an order.' })
  @ApiQuery({ name: 'expand', type: String, required: false })
  find(@Param('id') id: string, @Query('expand') expand: string | undefined, @Headers('authorization') token = '') {
    return { id, expand, ...readToken(token) };
  }

  @Post()
  @ApiOAuth2(['orders:write'])
  @ApiOperation({ operationId: 'createOrder', summary: 'Places an order.' })
  create(@Body() order: NewOrder, @Headers('authorization') token = '') {
    return { ...order, ...readToken(token) };
  }
}

function readToken(header: string) {
  const { sub, aud } = decodeJwt(header.replace(/^Bearer /, ''));
  return { subject: sub, audience: aud };
}

/** Made between the creation of the application and its start. */
let app: INestApplication | undefined;

function createDocument() {
  if (!app) throw new Error('There is no application yet');
  const config = new DocumentBuilder()
    .setTitle('Orders')
    .addBearerAuth()
    .addOAuth2({
      type: 'oauth2',
      flows: { clientCredentials: { tokenUrl: 'https://login.example/token', scopes: { 'orders:write': 'Write' } } },
    })
    .build();
  return SwaggerModule.createDocument(app, config);
}

@Injectable()
@McpOpenApi({ downstream: 'self', document: createDocument, include: 'GET /api/**', resources: 'getOrder' })
class OrderReads {}

class OrderWrites {
  @McpOperation('createOrder')
  create(input: NewOrder, call: OperationCall<NewOrder>) {
    return call({ ...input, quantity: input.quantity ?? 1 });
  }
}

describe.each(['express', 'fastify'] as const)("the application's own document on %s", (platform) => {
  let issuer: TestIssuer;
  let server: TestApplication;
  let resource: string;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    server = await startApplication({
      platform,
      controllers: [OrdersController],
      providers: [OrderReads],
      imports: (origin) => [
        McpAuthModule.forRoot(
          optionsFor(origin, issuer.issuer, {
            client: { id: 'mcp-server', authentication: clientSecretBasic('secret') },
            downstreams: { self: { baseUrl: origin, audience: 'orders-api' } },
          }),
        ),
        McpOpenApiModule.forFeature(
          { downstream: 'self', document: createDocument, include: 'POST /api/orders' },
          { api: OrderWrites },
        ),
      ],
      configure: (created) => {
        app = created;
      },
    });
    resource = `${server.origin}/mcp`;
  });
  afterAll(async () => {
    await server.close();
    await issuer.close();
  });

  const token = async (scope = '') => await issuer.token({ aud: resource, sub: 'alice', scope });

  test('becomes tools', async () => {
    const response = await post(resource, message('tools/list'), { token: await token() });

    const { result } = (await response.json()) as { result: { tools: { name: string; inputSchema: object }[] } };
    expect(result.tools.map(({ name }) => name)).toStrictEqual(['createOrder', 'getOrder']);
    expect(result.tools[0]?.inputSchema).toMatchObject({
      required: ['item'],
      properties: { item: { type: 'string', description: 'What is ordered.' }, quantity: { type: 'number' } },
    });
  });

  test('calls the own routes with an exchanged token', async () => {
    const read = await callTool(resource, await token(), 'getOrder', { id: '4/2', expand: 'lines' });
    const created = await callTool(resource, await token('orders:write'), 'createOrder', { item: 'tea' });

    const exchanged = { subject: 'alice', audience: 'orders-api' };
    expect(read.structuredContent).toStrictEqual({ id: '4/2', expand: 'lines', ...exchanged });
    expect(created.structuredContent).toStrictEqual({ item: 'tea', quantity: 1, ...exchanged });
  });

  test('demands the scopes of its decorators', async () => {
    const response = await post(resource, message('tools/call', { name: 'createOrder', arguments: { item: 'tea' } }), {
      token: await token(),
    });

    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('scope="orders:write"');
  });
});
