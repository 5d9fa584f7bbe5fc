import { Injectable } from '@nestjs/common';
import { UnsecuredJWT } from 'jose';
import {
  clientSecretBasic,
  DownstreamClient,
  McpAuthModule,
  McpTool,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import type { ExchangeDialect } from 'nestjs-mcp-auth/dialects';
import { callTool } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  async order() {
    return { status: (await this.downstream.fetch('/orders')).status };
  }
}

export interface LogoutServer extends TestApplication {
  readonly resource: string;
  readonly logoutUri: string;
  /** Subjects for whom tokens were got, in order. */
  readonly exchanged: string[];
  /** Sends a form. */
  logout(token: string | readonly string[] | undefined, init?: RequestInit): Promise<Response>;
  /** Calls the tool that needs a token for the API. */
  order(token: string): Promise<void>;
}

export interface LogoutServerParts {
  readonly platform?: Platform;
  readonly options?: Partial<McpAuthModuleOptions>;
  readonly configure?: (app: TestApplication['app']) => void;
}

/** A server that is told of sign-outs. */
export async function startLogoutServer(
  issuer: string,
  { platform, options, configure }: LogoutServerParts = {},
): Promise<LogoutServer> {
  const api = await TestApi.start();
  const exchanged: string[] = [];
  const dialect: ExchangeDialect = {
    name: 'counted',
    subject: 'caller',
    grantTypes: [],
    exchange: ({ caller }) => {
      exchanged.push(caller?.subject ?? '');
      return Promise.resolve({ value: new UnsecuredJWT({}).encode(), type: 'bearer', expiresInMs: 3_600_000 });
    },
  };
  api.answers.set('/orders', (_request, response) => response.writeHead(204).end());
  const application = await startApplication({
    ...(platform && { platform }),
    ...(configure && { configure }),
    imports: (origin) => [
      McpAuthModule.forRoot(
        optionsFor(origin, issuer, {
          client: { id: 'mcp-server', authentication: clientSecretBasic('mcp-server-secret') },
          downstreams: { orders: { baseUrl: api.origin, audience: 'orders', dialect } },
          logout: { backChannel: {} },
          ...options,
        }),
      ),
    ],
    providers: [Tools],
  });
  const resource = `${application.origin}/mcp`;
  const logoutUri = `${resource}/backchannel-logout`;
  return {
    ...application,
    resource,
    logoutUri,
    exchanged,
    logout: async (token, init) => {
      const body = new URLSearchParams();
      for (const one of [token ?? []].flat()) body.append('logout_token', one);
      return await fetch(logoutUri, { method: 'POST', body, ...init });
    },
    order: async (token) => {
      const { structuredContent } = await callTool(resource, token, 'order');
      if (structuredContent?.status !== 204) throw new Error('The API was not called');
    },
    close: async () => {
      await application.close();
      await api.close();
    },
  };
}
