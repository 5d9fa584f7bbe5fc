import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import {
  clientSecretBasic,
  DownstreamClient,
  McpAuthModule,
  McpTool,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { z } from 'zod';

/** A server under load: where it is, and the token that it wants. */
export interface ServerUnderLoad {
  readonly url: string;
  readonly token?: string;
}

@Injectable()
class EchoTool {
  @McpTool({ description: 'Echo a text', input: z.object({ text: z.string() }), scopes: ['echo'] })
  echo({ text }: { text: string }): string {
    return text;
  }
}

/** Bare `node:http`: reads JSON, writes JSON. */
export async function bareHttp(): Promise<ServerUnderLoad> {
  const origin = await listen((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { id, params } = JSON.parse(body) as { id: number; params: { arguments: { text: string } } };
      const result = { content: [{ type: 'text', text: params.arguments.text }] };
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    });
  });
  return { url: `${origin}/mcp` };
}

/** The SDK's low-level server on `node:http`, the same tool, nobody asked for a token. */
export async function bareSdk(): Promise<ServerUnderLoad> {
  const handler = createMcpHandler(() => {
    const server = new Server({ name: 'echo', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/call', ({ params }) => ({
      content: [{ type: 'text', text: String(params.arguments?.text) }],
    }));
    return server;
  });
  const nodeHandler = toNodeHandler(handler);
  const origin = await listen(
    (request, response) => void nodeHandler(request as Parameters<typeof nodeHandler>[0], response),
  );
  return { url: `${origin}/mcp` };
}

/** This package: token verified, scope checked, arguments validated, then the same tool. */
export async function protectedServer(platform: 'express' | 'fastify'): Promise<ServerUnderLoad> {
  const { issuer, sign } = await startIssuer();
  const moduleFor = (resource: string): Type => {
    @Module({
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'echo', version: '1.0.0' },
          resource,
          issuers: [{ issuer }],
          limits: { rate: { acceptUnlimitedRequests: true } },
          doctor: false,
        }),
      ],
      providers: [EchoTool],
    })
    class EchoModule {}
    return EchoModule;
  };
  const { url } = await (platform === 'express' ? startOnExpress(moduleFor) : startOnFastify(moduleFor));
  return { url, token: await sign({ aud: url, scope: 'echo' }) };
}

/** An authorization server, in this process, and how many tokens it has exchanged. */
export interface BenchIssuer {
  readonly issuer: string;
  readonly exchanges: number;
  readonly sign: (claims: Readonly<Record<string, unknown>>) => Promise<string>;
}

export async function startIssuer(): Promise<BenchIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' };
  let exchanges = 0;
  const issuer = await listen((request, response) => {
    const answer = (document: object) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    };
    if (request.url === '/jwks') answer({ keys: [jwk] });
    else if (request.url !== '/token')
      answer({ issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` });
    else {
      exchanges += 1;
      request.resume().on('end', () => {
        answer({
          access_token: randomBytes(600).toString('base64url'),
          token_type: 'Bearer',
          expires_in: 3600,
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        });
      });
    }
  });
  return {
    issuer,
    get exchanges() {
      return exchanges;
    },
    sign: (claims) =>
      new SignJWT({ iss: issuer, sub: 'alice', client_id: 'agent', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'bench', typ: 'at+jwt' })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey),
  };
}

/** An API that wants a token, in this process. @returns its origin */
export async function startApi(): Promise<string> {
  return await listen((request, response) => {
    const status = request.headers.authorization?.startsWith('Bearer ') ? 200 : 401;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"id":"7","item":"tea","quantity":1}');
  });
}

/** A server whose tools call APIs. */
export interface CallingServerParts {
  readonly issuer: BenchIssuer;
  readonly api: string;
  readonly downstreams: number;
  /** Where the tokens for the APIs come from. Defaults to the exchange. */
  readonly tokens?: 'static' | 'exchanged';
  readonly replicas?: NonNullable<McpAuthModuleOptions['replicas']>;
}

export async function startCallingServer({
  issuer,
  api,
  downstreams,
  tokens = 'exchanged',
  replicas,
}: CallingServerParts): Promise<{ readonly url: string }> {
  const names = Array.from({ length: downstreams }, (_, index) => `api-${index}`);
  const authorization = `Bearer ${randomBytes(600).toString('base64url')}`;

  @Injectable()
  class ExchangedTools {
    constructor(private readonly downstream: DownstreamClient) {}

    @McpTool({ description: 'Find an order', downstream: 'api-0' })
    async order(): Promise<unknown> {
      return await this.downstream.json('/orders/7');
    }

    @McpTool({ description: 'Find an order at each API', downstream: names })
    async allOrders(): Promise<{ orders: unknown[] }> {
      return { orders: await Promise.all(names.map((name) => this.downstream.for(name).json('/orders/7'))) };
    }
  }

  @Injectable()
  class StaticTools {
    @McpTool({ description: 'Find an order' })
    async order(): Promise<unknown> {
      const response = await fetch(`${api}/orders/7`, { headers: { accept: 'application/json', authorization } });
      return await response.json();
    }
  }

  return await startOnFastify((resource) => {
    @Module({
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0' },
          resource,
          issuers: [{ issuer: issuer.issuer }],
          client: { id: 'bench', authentication: clientSecretBasic('bench') },
          downstreams: Object.fromEntries(names.map((name) => [name, { baseUrl: api, audience: name }])),
          observability: { auditSink: { record: () => undefined } },
          limits: { rate: { acceptUnlimitedRequests: true } },
          doctor: false,
          ...(replicas && { replicas }),
        }),
      ],
      providers: [tokens === 'static' ? StaticTools : ExchangedTools],
    })
    class OrdersModule {}
    return OrdersModule;
  });
}

async function startOnExpress(moduleFor: (resource: string) => Type): Promise<{ readonly url: string }> {
  let answer: RequestListener = () => undefined;
  const origin = await listen((request, response) => {
    answer(request, response);
  });
  const url = `${origin}/mcp`;
  const app = await NestFactory.create(moduleFor(url), new ExpressAdapter(), { logger: ['error'] });
  await app.init();
  answer = app.getHttpAdapter().getInstance() as RequestListener;
  return { url };
}

/** Starts an application on Fastify. */
export async function startOnFastify(moduleFor: (resource: string) => Type): Promise<{ readonly url: string }> {
  let answer: RequestListener = () => undefined;
  const origin = await listen((request, response) => {
    answer(request, response);
  });
  const url = `${origin}/mcp`;
  const app = await NestFactory.create(moduleFor(url), new FastifyAdapter(), { logger: ['error'] });
  await app.init();
  const fastify = app.getHttpAdapter().getInstance() as unknown as { ready(): Promise<void>; routing: RequestListener };
  await fastify.ready();
  answer = (request, response) => {
    fastify.routing(request, response);
  };
  return { url };
}

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
