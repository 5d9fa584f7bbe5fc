import type { RequestListener } from 'node:http';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import type { CustomStrategy } from '@nestjs/microservices';
import { TestClient, type TestClientOptions } from 'nestjs-mcp-auth/testing';
import { answerTo, clientOptions, type Answer, type Call } from '../../sample/migration/answer.js';
import { startOrdersApi } from '../../sample/migration/orders-api.js';
import type { McpServerOptions } from '../../sample/quickstart/mcp-server/mcp-server.js';
import { listen } from '../support/listen.js';
import { startApplication, type Platform } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';

export type Era = NonNullable<TestClientOptions['era']>;

/** What makes a state of a server: in Nest, or without it. */
type State =
  | { readonly nest: (options: McpServerOptions) => NestServer }
  | { readonly bare: (options: McpServerOptions) => RequestListener };

interface NestServer {
  readonly module: DynamicModule;
  readonly strategy?: CustomStrategy['strategy'];
}

/** A server in each of its states, between an issuer and an API. */
export class MigrationStates<Name extends string> {
  readonly #cleanups: (() => Promise<void>)[] = [];
  readonly #urls = new Map<string, string>();

  private constructor(private readonly issuer: TestIssuer) {
    this.#cleanups.push(() => issuer.close());
  }

  static async start<Name extends string>(
    platform: Platform,
    states: Readonly<Record<Name, State>>,
  ): Promise<MigrationStates<Name>> {
    const issuer = await TestIssuer.start();
    const servers = new MigrationStates<Name>(issuer);
    const api = await startOrdersApi(issuer.issuer);
    servers.#cleanups.push(() => api.close());
    const optionsFor = (origin: string): McpServerOptions => ({
      resource: `${origin}/mcp`,
      issuer: issuer.issuer,
      client: { id: 'orders-mcp', secret: 's3cret' },
      ordersApi: { audience: 'orders-api', baseUrl: api.origin },
    });
    for (const [name, state] of Object.entries<State>(states)) {
      const server = 'nest' in state ? startNest(platform, state.nest, optionsFor) : startBare(state.bare, optionsFor);
      const { origin, close } = await server;
      servers.#cleanups.push(close);
      servers.#urls.set(name, `${origin}/mcp`);
    }
    return servers;
  }

  url(name: Name): string {
    return this.#urls.get(name) ?? '';
  }

  async token(name: Name, claims: Record<string, unknown> = {}): Promise<string> {
    return await this.issuer.token({ audience: this.url(name), ...claims });
  }

  async ask(name: Name, call: Call, era: Era): Promise<Answer> {
    return await answerTo(call, TestClient.for(this.url(name), this.issuer, { ...clientOptions, era }));
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
  }
}

async function startNest(
  platform: Platform,
  make: (options: McpServerOptions) => NestServer,
  optionsFor: (origin: string) => McpServerOptions,
) {
  let strategy: NestServer['strategy'];
  const application = await startApplication({
    platform,
    imports: (origin) => {
      const server = make(optionsFor(origin));
      strategy = server.strategy;
      return [server.module];
    },
    configure: (app: INestApplication) => strategy && app.connectMicroservice({ strategy }),
  });
  await application.app.startAllMicroservices();
  return application;
}

async function startBare(
  make: (options: McpServerOptions) => RequestListener,
  optionsFor: (origin: string) => McpServerOptions,
) {
  const listener = await listen();
  listener.server.on('request', make(optionsFor(listener.origin)));
  return listener;
}
