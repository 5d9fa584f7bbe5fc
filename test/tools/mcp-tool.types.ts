/** Checked by the compiler alone: what must not compile is marked so, and it is an error if it does. */
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';

const input = z.object({ id: z.string(), limit: z.number().default(10) });

export class WellTyped {
  @McpTool({ description: 'the validated arguments', input })
  all({ id, limit }: { id: string; limit: number }) {
    return `${id} ${limit}`;
  }

  @McpTool({ description: 'some of them', input })
  some({ id }: { id: string }, { caller }: McpContext) {
    return `${id} ${String(caller?.subject)}`;
  }

  @McpTool({ description: 'none', input })
  none() {
    return Promise.resolve();
  }

  @McpTool({ description: 'no schema', scopes: ['a'] as const, downstream: ['b'] as const })
  without(_input: unknown, { signal }: McpContext) {
    return signal.aborted;
  }
}

export class IllTyped {
  // @ts-expect-error id is a string
  @McpTool({ description: 'another type', input })
  another({ id }: { id: number }) {
    return id;
  }

  // @ts-expect-error there is no such argument
  @McpTool({ description: 'an argument that is not there', input })
  missing({ name }: { name: string }) {
    return name;
  }

  // @ts-expect-error a description is required
  @McpTool({ input })
  silent() {
    return;
  }
}
