import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type INestApplication, type Provider } from '@nestjs/common';
import {
  clientSecretBasic,
  McpAuthModule,
  McpTool,
  type IssuerOptions,
  type McpAuthModuleOptions,
  type McpContext,
} from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  whoami(_input: unknown, { caller }: McpContext): object {
    const { subject, clientId, appOnly, scopes, issuer } = caller ?? {};
    return { subject, clientId, appOnly, scopes, issuer };
  }
  @McpTool({ description: 'x', scopes: ['orders:write'] })
  write(): string {
    return 'written';
  }
}

/** What the introspection endpoint was asked. */
export interface Asked {
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly body: Readonly<Record<string, string>>;
}

export const CLIENT = { id: 'mcp-server', authentication: clientSecretBasic('mcp-server-secret') };

type Answer = (response: ServerResponse, body: URLSearchParams, request: IncomingMessage) => unknown;

export interface IntrospectingServerParts {
  readonly platform?: Platform;
  /** `client: null` leaves the usual one out. */
  readonly introspection?: Omit<NonNullable<IssuerOptions['introspection']>, 'client'> & {
    client?: NonNullable<IssuerOptions['introspection']>['client'] | null;
  };
  readonly trust?: Partial<IssuerOptions>;
  readonly options?: Partial<McpAuthModuleOptions>;
  readonly metadata?: Record<string, unknown>;
  readonly providers?: Provider[];
  readonly configure?: (app: INestApplication) => void;
}

/** An MCP server whose issuer reads its tokens itself, and says of them what a test has it say. */
export class IntrospectingServer {
  readonly asked: Asked[] = [];
  /** Replaces the answer. */
  answer: Answer = (response) => {
    sendJson(response, 200, this.active());
  };

  private constructor(
    readonly issuer: TestIssuer,
    readonly application: TestApplication,
  ) {}

  static async start(parts: IntrospectingServerParts = {}): Promise<IntrospectingServer> {
    const issuer = await TestIssuer.start();
    const { client = CLIENT, ...introspection } = parts.introspection ?? {};
    const issuers = [
      { issuer: issuer.issuer, introspection: { ...introspection, ...(client && { client }) }, ...parts.trust },
    ];
    const application = await startApplication({
      imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, { issuers, ...parts.options }))],
      providers: [Tools, ...(parts.providers ?? [])],
      ...(parts.platform && { platform: parts.platform }),
      ...(parts.configure && { configure: parts.configure }),
    });
    issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      const introspection_endpoint = `${issuer.origin}/introspect`;
      sendJson(response, 200, { ...issuer.metadata(), introspection_endpoint, ...parts.metadata });
    });
    const server = new IntrospectingServer(issuer, application);
    issuer.answers.set('/introspect', async (request, response, body) => {
      const { authorization, accept } = request.headers;
      server.asked.push({ authorization, accept, body: Object.fromEntries(body) });
      await server.answer(response, body, request);
    });
    return server;
  }

  get resource(): string {
    return `${this.application.origin}/mcp`;
  }

  /** What a good answer says; members given replace the usual ones, `undefined` removes. */
  active(members: Record<string, unknown> = {}): Record<string, unknown> {
    const exp = Math.floor(Date.now() / 1000) + 300;
    return {
      active: true,
      sub: 'alice',
      client_id: 'test-client',
      scope: 'orders:read',
      aud: this.resource,
      exp,
      ...members,
    };
  }

  /** Has the issuer say this of every token. */
  say(members: Record<string, unknown>): void {
    this.answer = (response) => {
      sendJson(response, 200, this.active(members));
    };
  }

  async call(token: string = randomUUID(), tool = 'whoami'): Promise<Response> {
    return await post(this.resource, toolCall(tool), { token });
  }

  async status(token?: string): Promise<number> {
    return (await this.call(token)).status;
  }

  /** What `whoami` says of the bearer. */
  async caller(token?: string): Promise<unknown> {
    const { result } = (await (await this.call(token)).json()) as { result: { structuredContent: unknown } };
    return result.structuredContent;
  }

  async close(): Promise<void> {
    await this.application.close();
    await this.issuer.close();
  }
}
