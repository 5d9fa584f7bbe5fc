import 'reflect-metadata';
import { Injectable, SetMetadata } from '@nestjs/common';
import { ENTRY_PROVIDER_WATERMARK } from '@nestjs/common/constants.js';
import { z } from 'zod';
import { toUnknownOperation } from '../../mcp/invocation/unknown-operation.js';
import { setSearchRole, type SearchRole } from '../../resource-server/catalogue/search-role.js';
import { MCP_TOOL, type McpToolOptions } from '../../resource-server/decorators/mcp-tool.decorator.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import { OperationSearch } from './operation-search.js';

/** Operations that a search finds where the model does not say how many. */
const LIMIT = 10;
const MAX_LIMIT = 50;

/** Characters of a query. */
const MAX_QUERY = 200;

const NAME = 'Name of the operation, as find_operations gives it';

const findInput = z.strictObject({
  query: z.string().max(MAX_QUERY).describe('Words that say what the operation does, such as "list unpaid invoices"'),
  limit: z.int().min(1).max(MAX_LIMIT).optional().describe(`Number of operations. Defaults to ${LIMIT}`),
});
const describeInput = z.strictObject({ name: z.string().describe(NAME) });
const callInput = z.strictObject({
  name: z.string().describe(NAME),
  arguments: z
    .record(z.string(), z.unknown())
    .nullish()
    .describe('Its arguments, by the input schema that describe_operation gives'),
});

/** The tools that find operations, and call what they have found. */
@Injectable()
@SetMetadata(ENTRY_PROVIDER_WATERMARK, true)
export class SearchTools {
  constructor(private readonly search: OperationSearch) {}

  /** The methods of the tools, with the metadata of their decorators. There are none if nothing is searched. */
  get methods(): ReadonlyMap<string, () => unknown> {
    if (!this.search.isUsed) return new Map();
    return new Map([
      [
        'find',
        declare(
          'finder',
          async ({ query, limit = LIMIT }: z.infer<typeof findInput>, { caller }) => {
            return await this.search.find(query, limit, caller);
          },
          {
            name: 'find_operations',
            title: 'Find operations',
            description:
              'Finds operations by what they do. Answers with their names and the scopes that they need, the best first. Then use describe_operation.',
            input: findInput,
            annotations: { readOnlyHint: true, openWorldHint: false },
          },
        ),
      ],
      [
        'describe',
        declare(
          'finder',
          ({ name }: z.infer<typeof describeInput>, { caller }) => {
            return this.#describe(name, caller);
          },
          {
            name: 'describe_operation',
            title: 'Describe an operation',
            description:
              'Describes an operation: what it does, and the JSON Schema of its arguments. Then use call_operation.',
            input: describeInput,
            annotations: { readOnlyHint: true, openWorldHint: false },
          },
        ),
      ],
      [
        'call',
        // What a call names is called in its place. It gets here with a name that nothing has.
        declare('stand-in', () => toUnknownOperation(), {
          name: 'call_operation',
          title: 'Call an operation',
          description: 'Calls an operation that find_operations has found, with arguments as describe_operation says.',
          input: callInput,
        }),
      ],
    ]);
  }

  #describe(name: string, caller: McpContext['caller']) {
    const described = this.search.describe(name, caller);
    if (!described) return toUnknownOperation();
    const { listing, ...found } = described;
    const { title, description, inputSchema, annotations } = listing;
    return {
      ...found,
      ...(title !== undefined && { title }),
      description,
      inputSchema,
      ...(annotations && { annotations }),
    };
  }
}

function declare(
  role: SearchRole,
  method: (input: never, context: McpContext) => unknown,
  options: McpToolOptions,
): () => unknown {
  Reflect.defineMetadata(MCP_TOOL, options, method);
  setSearchRole(method, role);
  return method as () => unknown;
}
