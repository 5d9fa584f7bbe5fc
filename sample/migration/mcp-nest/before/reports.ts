import { Inject, type OnApplicationBootstrap } from '@nestjs/common';
import { MCP_STRATEGY, McpStrategy } from '@rekog/mcp-nest';
import { z } from 'zod';

/** A tool that is registered when the application runs. */
export class Reports implements OnApplicationBootstrap {
  constructor(@Inject(MCP_STRATEGY) private readonly strategy: McpStrategy) {}

  onApplicationBootstrap(): void {
    this.strategy.registerTool({
      name: 'report_2026',
      description: 'The report of 2026',
      parameters: z.object({ month: z.number() }),
      requiredScopes: ['reports:read'],
      handler: ({ month }) => ({ content: [{ type: 'text', text: `2026-${String(month)}` }] }),
    });
  }
}
