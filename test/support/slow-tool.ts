import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';

/** Runs until it is told to finish. */
@Injectable()
export class Slow {
  finish: () => void = () => undefined;
  begun: () => void = () => undefined;
  readonly started = new Promise<void>((resolve) => (this.begun = resolve));

  @McpTool({ description: 'x' })
  async slow() {
    this.begun();
    await new Promise<void>((resolve) => (this.finish = resolve));
    return 'done';
  }
}
