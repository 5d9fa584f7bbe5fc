import type { Quickstart } from '../quickstart.js';
import { EventLog } from './event-log.js';
import { McpClient } from './mcp-client.js';
import { walkTenSteps } from './ten-steps.js';

/**
 * Throws if a step fails, after it has printed which.
 *
 * @param tool - name of the tool that finds an order
 */
export async function walkThrough(
  quickstart: Quickstart,
  print: (line: string) => void,
  tool = 'find_order',
): Promise<void> {
  const client = new McpClient(new URL(quickstart.mcpUrl), 'alice');
  const log = new EventLog(quickstart.events);
  try {
    await walkTenSteps(quickstart, client, log, print, tool);
  } finally {
    log.close();
    await client.close();
  }
}
