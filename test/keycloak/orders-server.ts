import type { Provider } from '@nestjs/common';
import { expect } from '@jest/globals';
import {
  clientSecretBasic,
  McpAuthHealthIndicator,
  McpAuthModule,
  providers,
  type AuditEvent,
  type DownstreamOptions,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { post, textOf, toolCall, type ToolResult } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { keepSecret } from '../support/secret-watch.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { downstreamsAt, OrderTools } from './order-tools.js';
import { planRealm, Realm, type RealmPlan } from './realm.js';
import { User } from './user.js';

export interface OrdersServerParts {
  readonly plan?: RealmPlan;
  /** The server's own client; `resource` is the name of the resource. Defaults to `mcp-orders`. */
  readonly clientId?: (resource: string) => string;
  /** What is said of the realm besides its name. */
  readonly trust?: Partial<providers.KeycloakOptions>;
  /** The name of the host of the API. Defaults to its address. */
  readonly apiHost?: string;
  /** Changes to the downstream `orders`. */
  readonly orders?: Partial<DownstreamOptions>;
  readonly options?: Partial<McpAuthModuleOptions>;
  /** What the application provides. Defaults to {@link OrderTools}. */
  readonly providers?: Provider[];
  /** What else the realm's file wants to know. */
  readonly values?: Readonly<Record<string, string>>;
}

/** What a client learns of a call. */
export interface CallAnswer {
  readonly status: number;
  readonly challenge: string | null;
  readonly result: ToolResult | undefined;
}

/** An MCP server between a realm and an API. */
export interface OrdersServer extends TestApplication {
  readonly realm: Realm;
  readonly api: TestApi;
  readonly alice: User;
  /** URL of the endpoint. */
  readonly resource: string;
  /** Its client at the realm. */
  readonly clientId: string;
  readonly options: McpAuthModuleOptions;
  readonly events: AuditEvent[];
  readonly call: (token: string, tool: string) => Promise<CallAnswer>;
  /** Calls a tool that has to succeed. */
  readonly succeed: (token: string, tool: string) => Promise<ToolResult>;
  /** Calls a tool that has to fail without a challenge, and gives what the user is told. */
  readonly fail: (token: string, tool: string) => Promise<string>;
  /** Code of what the operator has to mend about a downstream; `undefined` if it is up. */
  faultOf(downstream: string): Promise<string | undefined>;
}

/** Starts the server first, whose address the realm has to know. */
export async function startOrdersServer({
  plan = planRealm(),
  clientId: clientIdFor = () => 'mcp-orders',
  trust = {},
  apiHost = '127.0.0.1',
  orders,
  options = {},
  providers: provided = [OrderTools],
  values = {},
}: OrdersServerParts = {}): Promise<OrdersServer> {
  const api = await TestApi.start();
  const events: AuditEvent[] = [];
  const { orders: usualOrders, ...others } = downstreamsAt(api.origin);
  const baseUrl = api.origin.replace('127.0.0.1', apiHost);
  const optionsAt = (origin: string): McpAuthModuleOptions =>
    optionsFor(origin, plan.issuer, {
      issuers: [providers.keycloak({ url: plan.keycloak.origin, realm: plan.name, ...trust })],
      client: { id: clientIdFor(`${origin}/mcp`), authentication: clientSecretBasic(plan.secret) },
      downstreams: { ...others, orders: { ...usualOrders, baseUrl, ...orders } as DownstreamOptions },
      observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } },
      ...options,
    });
  const application = await startApplication({
    imports: (origin) => [McpAuthModule.forRoot(optionsAt(origin))],
    providers: provided,
  });
  const resource = `${application.origin}/mcp`;
  const clientId = clientIdFor(resource);
  const realm = await Realm.create(plan, 'acme', {
    resource,
    client: clientId,
    partner: 'https://id.partner.example',
    ...values,
  });
  const call = async (token: string, tool: string) => {
    const answer = await callTool(resource, token, tool);
    for (const { headers } of api.requests) keepSecret(headers.authorization ?? '');
    return answer;
  };
  return {
    ...application,
    realm,
    api,
    resource,
    clientId,
    events,
    options: optionsAt(application.origin),
    alice: new User(realm, 'alice'),
    call,
    succeed: async (token, tool) => {
      const { status, result } = await call(token, tool);
      expect([status, result?.isError]).toEqual([200, undefined]);
      return result as ToolResult;
    },
    fail: async (token, tool) => {
      const { status, challenge, result } = await call(token, tool);
      expect([status, challenge, result?.isError]).toEqual([200, null, true]);
      return textOf(result as ToolResult);
    },
    faultOf: async (downstream) => {
      const health = await application.app.get(McpAuthHealthIndicator).check();
      return health['mcp-auth'].downstreams?.[downstream]?.code;
    },
    close: async () => {
      await application.close();
      await Promise.all([api.close(), realm.close()]);
    },
  };
}

async function callTool(url: string, token: string, tool: string): Promise<CallAnswer> {
  const response = await post(url, toolCall(tool), { token });
  const text = await response.text();
  const body = text === '' ? {} : (JSON.parse(text) as { result?: ToolResult });
  return { status: response.status, challenge: response.headers.get('www-authenticate'), result: body.result };
}
