import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { McpRegistry } from 'nestjs-mcp-auth';
import { z } from 'zod';

/** A tool that is registered when the application runs. */
@Injectable()
export class Reports implements OnApplicationBootstrap {
  constructor(private readonly registry: McpRegistry) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.registry.registerTool(
      {
        name: 'report_2026',
        description: 'The report of 2026',
        input: z.object({ month: z.number() }),
        scopes: ['reports:read'],
      },
      ({ month }) => `2026-${String(month)}`,
    );
  }
}
