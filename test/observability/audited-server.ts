import { Injectable } from '@nestjs/common';
import { expect } from '@jest/globals';
import {
  clientSecretBasic,
  Denial,
  DownstreamClient,
  McpTool,
  UsePolicy,
  type AuditEvent,
  type McpContext,
  type Policy,
} from 'nestjs-mcp-auth';
import { startProtectedServer, type ProtectedServer, type ProtectedServerParts } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';

export const CLIENT_SECRET = 'the-servers-own-secret';

export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

class Never implements Policy {
  permits() {
    return new Denial('Not on a Sunday.');
  }
}

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(_input: unknown, { correlationId }: McpContext): string {
    return correlationId;
  }

  @McpTool({ description: 'x', scopes: ['orders:read'] })
  fail(): never {
    throw new Error('no');
  }

  @McpTool({ description: 'x', acrValues: ['mfa'] })
  pay(): string {
    return 'paid';
  }

  @McpTool({ description: 'x', appOnly: 'deny' })
  mine(): string {
    return 'mine';
  }

  @UsePolicy(Never)
  @McpTool({ description: 'x' })
  forbidden(): string {
    return 'done';
  }

  @McpTool({ description: 'x', downstream: ['orders', 'billing'] })
  async sync(): Promise<void> {
    await this.downstream.for('orders').json('/orders');
    await this.downstream.for('billing').json('/bills');
  }

  @McpTool({ description: 'x', downstream: 'orders' })
  async orders(): Promise<void> {
    await this.downstream.json('/orders');
  }
}

/** A server with tools that are denied for every reason, two downstreams, and whatever it told its sink. */
export interface AuditedServer extends ProtectedServer {
  readonly api: TestApi;
  readonly events: AuditEvent[];
  /** The only event there is. */
  only(): AuditEvent;
  /** What every event has. */
  everyEvent(): Record<string, unknown>;
  /** The usual caller, as events name them. */
  alice(): Record<string, unknown>;
}

export async function startAuditedServer({ options, ...parts }: ProtectedServerParts = {}): Promise<AuditedServer> {
  const api = await TestApi.start();
  const events: AuditEvent[] = [];
  const server = await startProtectedServer({
    providers: [Tools],
    trust: { clients: ['test-client', 'robot'] },
    options: {
      observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } },
      endpoint: { maxBodySize: 2_000 },
      client: { id: 'mcp-server', authentication: clientSecretBasic(CLIENT_SECRET) },
      downstreams: {
        orders: { baseUrl: api.origin, audience: 'orders-api', scopes: ['read'] },
        billing: { baseUrl: api.origin, resource: 'urn:billing' },
      },
      ...options,
    },
    ...parts,
  });
  return {
    ...server,
    api,
    events,
    only: () => {
      const [event] = events;
      if (!event || events.length > 1) throw new Error(`Not one event: ${JSON.stringify(events)}`);
      return event;
    },
    everyEvent: () => ({
      time: expect.stringMatching(TIME),
      resource: server.resource,
      correlationId: expect.stringMatching(UUID),
      traceId: undefined,
    }),
    alice: () => ({ issuer: server.issuer.issuer, subject: 'alice', clientId: 'test-client', appOnly: false }),
    close: async () => {
      await server.close();
      await api.close();
    },
  };
}
