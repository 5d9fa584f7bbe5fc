import { expect } from '@jest/globals';
import { ScriptlessBrowser } from '../../../sample/quickstart/walkthrough/scriptless-browser.js';
import { signIn } from '../../../sample/quickstart/walkthrough/sign-in.js';
import { createMcpServer } from '../../../sample/quickstart/mcp-server/mcp-server.js';
import { startQuickstart, type Quickstart } from '../../../sample/quickstart/quickstart.js';
import type { TokenEvent } from '../../../sample/quickstart/authorization-server/token-events.js';
import { ClientQuickstart } from '../installed/client-quickstart.js';
import { runProgram, type PageProgram, type ProgramRun } from './page-program.js';

/** What a program did at a quickstart. */
export interface QuickstartRun extends ProgramRun {
  readonly mcpUrl: string;
  /** Address of the client's metadata document, if it has one. */
  readonly clientId: string | undefined;
  /** Which server was asked for what, and the status. */
  readonly trail: readonly string[];
  /** Requests to the token endpoint, without those of the MCP server. */
  readonly tokens: readonly TokenEvent[];
}

/** Lists the tools, finds an order and creates one, while alice is there to sign in. */
export async function runAt(
  servers: Quickstart,
  program: PageProgram,
  { hasDocument = false } = {},
): Promise<QuickstartRun> {
  const quickstart = await ClientQuickstart.of(servers);
  const browser = new ScriptlessBrowser();
  const tokens: TokenEvent[] = [];
  const onToken = (event: TokenEvent) => {
    if (event.clientId !== 'mcp-server') tokens.push(event);
  };
  servers.events.on('token', onToken);
  try {
    const clientId = hasDocument ? await quickstart.publishMetadata('http://127.0.0.1/callback') : undefined;
    const run = await runProgram(program, {
      url: servers.mcpUrl,
      clientId,
      signIn: (address) => signIn(address, { username: 'alice', browser }),
    });
    expect(run.exitCode).toBe(0);
    return { ...run, mcpUrl: servers.mcpUrl, clientId, trail: quickstart.requests.trail, tokens };
  } finally {
    servers.events.off('token', onToken);
    await quickstart.close();
  }
}

/** Expects that all tools answered, each by its scope, and that whatever asks for a token names the server. */
export function expectStepUp({ mcpUrl, tools, answers, requests, tokens }: QuickstartRun): void {
  expect(tools).toEqual(['cancel_order', 'create_order', 'find_order', 'list_orders', 'whoami']);
  expect(answers).toEqual([
    expect.objectContaining({ id: '1001', owner: 'alice' }),
    expect.objectContaining({ item: 'pump', owner: 'alice' }),
  ]);
  // The step-up asks for what the client had, and for what it lacked.
  expect(requests.map((request) => request.get('scope'))).toEqual(['orders:read', 'orders:read orders:write']);
  for (const request of requests) {
    expect(request.get('resource')).toBe(mcpUrl);
    expect(request.get('code_challenge_method')).toBe('S256');
    expect(request.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  }
  expect(tokens.map(({ resource }) => resource)).toEqual([mcpUrl, mcpUrl]);
}

export interface OtherQuickstart {
  /** By default, that of the quickstart. */
  readonly createServer?: Parameters<typeof startQuickstart>[1];
  /** In seconds. */
  readonly accessTokenLifetime?: number;
}

/** The same, at a quickstart that is for this run alone. */
export async function runAtOther(
  { createServer = createMcpServer, accessTokenLifetime }: OtherQuickstart,
  program: PageProgram,
): Promise<QuickstartRun> {
  const servers = await startQuickstart({ mcpPort: 0, authPort: 0, apiPort: 0 }, createServer, accessTokenLifetime);
  try {
    return await runAt(servers, program);
  } finally {
    await servers.close();
  }
}
