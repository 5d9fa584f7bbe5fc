import type { McpServer, McpServerOptions } from './mcp-server/mcp-server.js';
import { explainPortError, PortError, portsFrom } from './ports.js';
import { startQuickstart, type Quickstart } from './quickstart.js';
import { StepFailure } from './walkthrough/step-printer.js';
import { walkThrough } from './walkthrough/walkthrough.js';

type CreateServer = (options: McpServerOptions) => Promise<McpServer>;

/**
 * Boots everything, walks a client through it, and stays up; with `--once` ends there.
 *
 * @param createServer - makes another MCP server than the quickstart's own
 * @param tool - name of its tool that finds an order
 */
export async function runQuickstart(createServer?: CreateServer, tool?: string): Promise<void> {
  try {
    const quickstart = await start(createServer);
    try {
      await walkThrough(quickstart, console.log, tool);
      if (!process.argv.includes('--once')) await serveUntilStopped(quickstart);
    } finally {
      await quickstart.close();
    }
  } catch (error) {
    if (!(error instanceof StepFailure)) console.error(error instanceof PortError ? error.message : error);
    process.exitCode = 1;
  }
}

async function start(createServer?: CreateServer): Promise<Quickstart> {
  const ports = portsFrom(process.env);
  try {
    return await startQuickstart(ports, createServer);
  } catch (error) {
    throw explainPortError(error, ports);
  }
}

async function serveUntilStopped({ mcpUrl, issuer, apiUrl }: Quickstart): Promise<void> {
  console.log(`
The servers stay up until you press Ctrl+C:
  MCP server            ${mcpUrl}
  authorization server  ${issuer}
  orders API            ${apiUrl}

Connect any MCP client over Streamable HTTP to ${mcpUrl}. It finds the rest by itself and sends you to a
sign-in page, where the users are alice and bob, and any password will do. With the MCP Inspector:
  npx @modelcontextprotocol/inspector
With a client that has a configuration file:
  { "mcpServers": { "orders": { "type": "http", "url": "${mcpUrl}" } } }
`);
  await new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        stop();
      });
  });
}
