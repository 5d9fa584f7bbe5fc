import { Inject, Injectable } from '@nestjs/common';
import type { CallToolResult } from '@modelcontextprotocol/server';
import { ToolCatalogue } from '../catalogue/tool-catalogue.js';
import type { ToolDefinition } from '../catalogue/tool-definition.js';
import type { ToolSchema } from '../decorators/mcp-tool.decorator.js';
import { TokenExchange } from '../downstream/token-exchange.js';
import { runToolCall } from '../downstream/tool-call.js';
import type { McpContext } from './mcp-context.js';
import { toolFailure } from './tool-failure.js';
import { ToolInvoker, type ToolInvocation } from './tool-invoker.js';
import { errorResult, toToolResult } from './tool-result.js';

/** Runs a tool: checks the arguments, calls the method as the caller, and makes a result of whatever comes of it. */
@Injectable()
export class ToolRunner {
  #invocations: ReadonlyMap<ToolDefinition, ToolInvocation> = new Map();

  constructor(
    @Inject(ToolCatalogue) private readonly catalogue: ToolCatalogue,
    @Inject(ToolInvoker) private readonly invoker: ToolInvoker,
    @Inject(TokenExchange) private readonly exchange: TokenExchange,
  ) {}

  /** Prepares every tool of the catalogue; once, at boot. */
  prepare(): void {
    this.#invocations = new Map([...this.catalogue.tools].map((tool) => [tool, this.invoker.prepare(tool)]));
  }

  /** @param args - as the client sent them */
  async run(tool: ToolDefinition, args: unknown, context: McpContext): Promise<CallToolResult> {
    try {
      const input = await parse(tool.input, args);
      if ('problems' in input) return errorResult(`Invalid arguments for ${tool.name}:\n${input.problems.join('\n')}`);
      const invoke = this.#invocations.get(tool);
      if (!invoke) throw new Error(`${tool.name} is not prepared`);
      const access = this.exchange.onBehalfOf(context.caller);
      const call = { tool: tool.name, downstreams: tool.downstreams, access, signal: context.signal };
      return await toToolResult(await runToolCall(call, () => invoke(context, input.value)), tool.output);
    } catch (error) {
      return toolFailure(tool.name, error);
    }
  }
}

async function parse(
  schema: ToolSchema | undefined,
  args: unknown,
): Promise<{ value: unknown } | { problems: string[] }> {
  if (!schema) return { value: {} };
  const result = await schema['~standard'].validate(args);
  if (!result.issues) return { value: result.value };
  return {
    problems: result.issues.map(({ path = [], message }) => {
      const at = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
      return `- ${at ? `${at}: ` : ''}${message}`;
    }),
  };
}
