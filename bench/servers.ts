import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
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
  let answer: RequestListener = () => undefined;
  const origin = await listen((request, response) => {
    answer(request, response);
  });
  const resource = `${origin}/mcp`;

  @Module({
    imports: [McpAuthModule.forRoot({ server: { name: 'echo', version: '1.0.0' }, resource, issuers: [{ issuer }] })],
    providers: [EchoTool],
  })
  class EchoModule {}

  if (platform === 'express') {
    const app = await NestFactory.create(EchoModule, new ExpressAdapter(), { logger: ['error'] });
    await app.init();
    answer = app.getHttpAdapter().getInstance() as RequestListener;
  } else {
    const app = await NestFactory.create(EchoModule, new FastifyAdapter(), { logger: ['error'] });
    await app.init();
    const fastify = app.getHttpAdapter().getInstance() as unknown as {
      ready(): Promise<void>;
      routing: RequestListener;
    };
    await fastify.ready();
    answer = (request, response) => {
      fastify.routing(request, response);
    };
  }
  return { url: resource, token: await sign({ aud: resource, scope: 'echo' }) };
}

async function startIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' };
  const issuer = await listen((request, response) => {
    const document = request.url === '/jwks' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  const sign = (claims: Record<string, string>) =>
    new SignJWT({ iss: issuer, sub: 'alice', client_id: 'bench', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: 'at+jwt' })
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
  return { issuer, sign };
}

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
