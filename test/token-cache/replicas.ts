import { clientSecretBasic, McpAuthModule, type DownstreamOptions, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import type { IssuerClientRegistration } from '../../lib/resource-server/clients/client-registration.js';
import { callTool, type ToolResult } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { OrderTools } from '../support/order-tools.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { TestIssuer } from '../support/test-issuer.js';
import { newKey } from './cached-exchange.js';

const RESOURCE = 'https://mcp.example/mcp';

/** What is different of all replicas. */
export interface ReplicaChanges {
  readonly client?: IssuerClientRegistration;
  readonly orders?: Partial<DownstreamOptions>;
}

/** One of several servers that are the same to their clients. */
export class Replica {
  constructor(readonly application: TestApplication) {}

  async call(token: string): Promise<ToolResult> {
    return await callTool(`${this.application.origin}/mcp`, token, 'order');
  }

  /** Whom the API took the caller for. */
  async subjectSeen(token: string): Promise<unknown> {
    const result = await this.call(token);
    if (result.isError || !result.structuredContent) throw new Error(JSON.stringify(result));
    return result.structuredContent.subject;
  }
}

/** Servers that are the same to their clients, with one issuer and one API. */
export class Replicas {
  readonly all: Replica[] = [];
  readonly #key = newKey();

  private constructor(
    readonly issuer: TestIssuer,
    readonly orders: TestApi,
    private readonly changes: ReplicaChanges,
  ) {}

  static async prepare(changes: ReplicaChanges = {}): Promise<Replicas> {
    const [issuer, orders] = await Promise.all([TestIssuer.start(), TestApi.start()]);
    return new Replicas(issuer, orders, changes);
  }

  /** One more. */
  async start(
    {
      localMaxAgeMs = 5_000,
      ...replicas
    }: NonNullable<McpAuthModuleOptions['replicas']> &
      Pick<NonNullable<McpAuthModuleOptions['tokenCache']>, 'localMaxAgeMs'>,
    platform: Platform = 'express',
  ): Promise<Replica> {
    const application = await startApplication({
      platform,
      imports: () => [
        McpAuthModule.forRoot(
          optionsFor('', this.issuer.issuer, {
            resource: RESOURCE,
            endpoint: { allowedHosts: 'any' },
            client: this.changes.client ?? { id: 'mcp', authentication: clientSecretBasic('s3cret') },
            downstreams: {
              orders: { baseUrl: this.orders.origin, audience: 'orders-api', ...this.changes.orders },
            },
            tokenCache: { localMaxAgeMs },
            replicas: { keys: [this.#key], ...replicas },
          }),
        ),
      ],
      providers: [OrderTools],
    });
    const replica = new Replica(application);
    this.all.push(replica);
    return replica;
  }

  /** A token of a user's; a good one for all replicas. */
  async token(sub = 'alice', claims: Record<string, unknown> = {}): Promise<string> {
    return await this.issuer.token({ aud: RESOURCE, sub, ...claims });
  }

  /** The tokens that the API was called with, in order. */
  get tokensSeen(): unknown[] {
    return this.orders.requests.map(({ claims }) => claims?.jti);
  }

  async close(): Promise<void> {
    for (const { application } of this.all) await application.close();
    await Promise.all([this.issuer.close(), this.orders.close()]);
  }
}
