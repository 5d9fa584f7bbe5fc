import { isDeepStrictEqual } from 'node:util';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TestClient, TestIssuer } from 'nestjs-mcp-auth/testing';
import { closeServer, listen, originOf } from '../quickstart/listen.js';
import type { McpServer, McpServerOptions } from '../quickstart/mcp-server/mcp-server.js';
import { answerTo, clientOptions, type Answer, type Call } from './answer.js';
import { startOrdersApi } from './orders-api.js';

type CreateServer = (options: McpServerOptions) => McpServer | Promise<McpServer>;

/**
 * Runs the states of a server on loopback, makes the same calls to each, and prints what a client gets.
 *
 * @param calls - by what they show
 * @param states - by their names, the oldest first
 * @param print - prints a line
 */
export async function compareServers(
  calls: Readonly<Record<string, Call>>,
  states: Readonly<Record<string, CreateServer>>,
  print: (line: string) => void = console.log,
): Promise<void> {
  const issuer = await TestIssuer.start();
  const api = await startOrdersApi(issuer.issuer);
  const cleanups = [() => issuer.close(), () => api.close()];
  try {
    const clients: [state: string, client: TestClient][] = [];
    for (const [state, createServer] of Object.entries(states)) {
      const listener = await listen(0);
      const resource = `${originOf(listener)}/mcp`;
      const server = await createServer({
        resource,
        issuer: issuer.issuer,
        client: { id: 'orders-mcp', secret: 'secret-of-the-sample' },
        ordersApi: { audience: 'orders-api', baseUrl: api.origin },
      });
      listener.on('request', server.handle);
      cleanups.push(
        () => server.close(),
        () => closeServer(listener),
      );
      clients.push([state, TestClient.for(resource, issuer, { ...clientOptions, era: '2025-11-25' })]);
    }
    for (const [what, call] of Object.entries(calls)) {
      const answers: [state: string, answer: Answer][] = [];
      for (const [state, client] of clients) answers.push([state, await answerTo(call, client)]);
      for (const line of describeAnswers(what, answers)) print(line);
    }
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

/** Makes a server of a Nest module, on Express. */
export async function serveModule(
  module: DynamicModule,
  configure?: (app: INestApplication) => void,
): Promise<McpServer> {
  const app = await NestFactory.create<NestExpressApplication>(module, { logger: ['fatal'] });
  configure?.(app);
  await app.startAllMicroservices();
  await app.init();
  return { handle: app.getHttpAdapter().getInstance(), close: () => app.close() };
}

function describeAnswers(what: string, answers: readonly [state: string, answer: Answer][]): string[] {
  const [first] = answers;
  if (answers.every(([, answer]) => isDeepStrictEqual(answer, first?.[1])))
    return ['', `${what}: the same`, `  ${JSON.stringify(first?.[1])}`];
  const width = Math.max(...answers.map(([state]) => state.length));
  const lines = answers.map(([state, answer]) => `  ${state.padEnd(width)}  ${JSON.stringify(answer)}`);
  return ['', `${what}:`, ...lines];
}
