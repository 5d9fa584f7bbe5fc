import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';

/** A tool that asks for a scope, and counts how often it ran. */
@Injectable()
export class CountedTool {
  static ran = 0;

  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    CountedTool.ran += 1;
    return 'found';
  }
}
