import type { Type } from '@nestjs/common';
import { McpAuthModule } from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { startProtectedServer } from '../support/protected-server.js';
import { startApplication, type Platform } from '../support/test-application.js';
import { changingTools } from './fixtures/changing-tools.js';
import { contentTools } from './fixtures/content-tools.js';
import type { Needs } from './fixtures/needs.js';
import { prompts } from './fixtures/prompts.js';
import { questionTools } from './fixtures/question-tools.js';
import { resources } from './fixtures/resources.js';
import { roundTripTools } from './fixtures/round-trip-tools.js';
import { taskTools } from './fixtures/task-tools.js';
import { startTokenProxy } from './token-proxy.js';

/** A server with everything that the suite looks for. */
export interface ConformanceServer {
  /** For a client without tokens. */
  readonly url: string;
  close(): Promise<void>;
}

/** One that serves everybody. */
export async function startOpenServer(): Promise<ConformanceServer> {
  const application = await startApplication({
    imports: (at) => [
      McpAuthModule.forRoot(
        optionsFor(at, '', { issuers: [], access: { anonymous: true }, calls: { shutdownGraceMs: 0 } }),
      ),
    ],
    providers: fixtures(() => ({})),
  });
  return { url: endpointAt(application.origin), close: () => application.close() };
}

/** What is behind the proxy. */
export interface AuthorizedServer extends ConformanceServer {
  readonly protectedUrl: string;
  tokenWithoutScopes(): Promise<string>;
}

/** One where each tool, resource and prompt takes a scope, behind a proxy that has tokens with all of them. */
export async function startAuthorizedServer(platform?: Platform): Promise<AuthorizedServer> {
  const scopes = new Set<string>();
  const needs: Needs = (scope) => {
    scopes.add(scope);
    return { scopes: [scope] };
  };
  const server = await startProtectedServer({
    ...(platform && { platform }),
    providers: fixtures(needs),
    options: { calls: { shutdownGraceMs: 0 } },
  });
  const proxy = await startTokenProxy(server.origin, () => server.token([...scopes].join(' ')));
  return {
    url: endpointAt(proxy.origin),
    protectedUrl: endpointAt(server.origin),
    tokenWithoutScopes: () => server.token(),
    close: async () => {
      await proxy.close();
      await server.close();
    },
  };
}

function fixtures(needs: Needs): Type[] {
  const kinds = [contentTools, questionTools, roundTripTools, taskTools, changingTools, resources, prompts];
  return kinds.map((make) => make(needs));
}

/** The suite insists on the name. */
function endpointAt(origin: string): string {
  return `http://localhost:${new URL(origin).port}/mcp`;
}
