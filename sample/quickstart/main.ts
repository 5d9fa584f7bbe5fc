import { explainPortError, PortError, portsFrom } from './ports.js';
import { startQuickstart, type Quickstart } from './quickstart.js';
import { StepFailure } from './walkthrough/step-printer.js';
import { walkThrough } from './walkthrough/walkthrough.js';

const once = process.argv.includes('--once');

try {
  const quickstart = await start();
  try {
    await walkThrough(quickstart, console.log);
    if (!once) await serveUntilStopped(quickstart);
  } finally {
    await quickstart.close();
  }
} catch (error) {
  if (!(error instanceof StepFailure)) console.error(error instanceof PortError ? error.message : error);
  process.exitCode = 1;
}

async function start(): Promise<Quickstart> {
  const ports = portsFrom(process.env);
  try {
    return await startQuickstart(ports);
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
