import { EventEmitter, once } from 'node:events';
import { setTimeout as pass } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  clientSecretBasic,
  DownstreamClient,
  McpAuthModule,
  McpTool,
  type McpAuthModuleOptions,
  type McpContext,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { headersFor, message } from '../../../support/mcp-request.js';
import { optionsFor } from '../../../support/module-options.js';
import { startApplication, type Platform, type TestApplication } from '../../../support/test-application.js';
import { TestApi } from '../../../support/test-api.js';
import { TestIssuer } from '../../../support/test-issuer.js';

export const RESOURCE = 'https://mcp.example/mcp';

const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  find() {
    return this.downstream.json('/orders');
  }

  @McpTool({ description: 'x' })
  async cancel(_input: unknown, context: McpContext) {
    const { action } = await context.elicit('Sure?', z.object({ sure: z.boolean() }));
    return action;
  }
}

interface Answer {
  readonly result?: {
    readonly structuredContent?: { readonly subject?: string };
    readonly content?: readonly { readonly text: string }[];
    readonly requestState?: string;
  };
}

/** What is different of a replica. Each gets its own. */
export type ReplicaOptions = () => Partial<McpAuthModuleOptions>;

/** Two replicas, on Express and on Fastify, which clients reach by turns while they are replaced. */
export class Deployment {
  /** What went wrong for clients. */
  readonly lost: string[] = [];
  readonly #replicas: TestApplication[] = [];
  readonly #rounds: number[] = [];
  readonly #progress = new EventEmitter();
  #clients: readonly Promise<void>[] = [];
  #turn = 0;
  #isOver = false;

  private constructor(
    readonly issuer: TestIssuer,
    readonly orders: TestApi,
  ) {}

  /** @param prepare - called before there is a replica */
  static async start(options: ReplicaOptions, prepare?: (issuer: TestIssuer) => unknown): Promise<Deployment> {
    const deployment = new Deployment(await TestIssuer.start(), await TestApi.start());
    await prepare?.(deployment.issuer);
    for (const number of PLATFORMS.keys()) await deployment.replace(number, options);
    return deployment;
  }

  /** Starts clients that do these again and again, until {@link close}. What is thrown is lost. */
  keepDoing(...tasks: readonly (() => Promise<unknown>)[]): void {
    this.#clients = tasks.map(async (task, client) => {
      this.#rounds[client] = 0;
      while (!this.#isOver) {
        await task().catch((error: unknown) => this.lost.push(String(error)));
        this.#rounds[client] = (this.#rounds[client] ?? 0) + 1;
        this.#progress.emit('round');
        // Replicas start in the process that calls them.
        await pass(20);
      }
    });
  }

  /** Until each client has done its task once more, from the beginning to the end. */
  async settle(): Promise<void> {
    const wanted = this.#rounds.map((rounds) => rounds + 2);
    while (this.#rounds.some((rounds, client) => rounds < (wanted[client] ?? 0))) await once(this.#progress, 'round');
  }

  /** Replaces one replica after the other, while clients go on. */
  async rollOut(options: ReplicaOptions): Promise<void> {
    for (const number of PLATFORMS.keys()) {
      await this.replace(number, options);
      await this.settle();
    }
  }

  /** Starts another replica, and stops the one before it once nobody asks that any more. */
  async replace(number: number, options: ReplicaOptions): Promise<void> {
    const next = await this.#startReplica(PLATFORMS[number] ?? 'express', options());
    const old = this.#replicas[number];
    this.#replicas[number] = next;
    await this.settle();
    await old?.close();
  }

  async token(sub: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return await this.issuer.token({ aud: RESOURCE, sub, ...claims });
  }

  /** Sends a call to the next replica, as a balancer does. */
  async send(body: unknown, headers: Readonly<Record<string, string>>, number = this.#turn++): Promise<Response> {
    const replica = this.#replicas[number % this.#replicas.length];
    return await fetch(`${replica?.origin ?? ''}/mcp`, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Calls a tool that calls the API, for its caller. */
  async find(token: string, user: string, number?: number): Promise<void> {
    const { result } = await this.#call('find', token, {}, number);
    if (result?.structuredContent?.subject !== user) throw new Error(`find: ${JSON.stringify(result)}`);
  }

  /** Calls a tool that asks its user something. Gives what the client is to send with the answer. */
  async ask(token: string, number?: number): Promise<string> {
    const { result } = await this.#call('cancel', token, {}, number);
    if (result?.requestState === undefined) throw new Error(`cancel: ${JSON.stringify(result)}`);
    return result.requestState;
  }

  /** The second round of {@link ask}. */
  async answer(token: string, requestState: string, number?: number): Promise<void> {
    const inputResponses = { 'elicitation-1': { action: 'accept', content: { sure: true } } };
    const { result } = await this.#call('cancel', token, { requestState, inputResponses }, number);
    if (result?.content?.[0]?.text !== 'accept') throw new Error(`cancel: ${JSON.stringify(result)}`);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    await Promise.all(this.#replicas.map((replica) => replica.close()));
    await Promise.all([this.issuer.close(), this.orders.close()]);
  }

  async #call(tool: string, token: string, params: object, number?: number): Promise<Answer> {
    const call = message('tools/call', { name: tool, arguments: {}, ...params });
    const { params: sent } = call as { params: { _meta: Record<string, unknown> } };
    sent._meta['io.modelcontextprotocol/clientCapabilities'] = { elicitation: { form: {} } };
    const response = await this.send(call, headersFor(call, token), number);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${tool}: ${response.status} ${text}`);
    const answer = JSON.parse(text) as Answer;
    if (!answer.result) throw new Error(`${tool}: ${text}`);
    return answer;
  }

  async #startReplica(platform: Platform, options: Partial<McpAuthModuleOptions>): Promise<TestApplication> {
    return await startApplication({
      platform,
      imports: () => [
        McpAuthModule.forRoot(
          optionsFor('', this.issuer.issuer, {
            resource: RESOURCE,
            endpoint: { allowedHosts: 'any' },
            // The clients of a test ask more often than those of people.
            limits: { rate: { acceptUnlimitedRequests: true } },
            client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
            downstreams: { orders: { baseUrl: this.orders.origin, audience: 'orders-api' } },
            ...options,
          }),
        ),
      ],
      providers: [Tools],
    });
  }
}
