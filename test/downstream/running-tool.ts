import { Injectable } from '@nestjs/common';
import { DownstreamClient, errors, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { callTool, type ToolResult } from '../support/mcp-request.js';
import { startDownstreamServer, type DownstreamServer, type DownstreamServerParts } from './downstream-server.js';

type Method = (client: DownstreamClient, context: McpContext) => unknown;

/** A server whose tool does what a test says. */
export interface RunningTool extends DownstreamServer {
  /** Calls the tool, whose method does this. */
  run(method: Method, claims?: Record<string, unknown>, signal?: AbortSignal): Promise<ToolResult>;
  /** What the method returned. */
  returned<Result>(method: (client: DownstreamClient, context: McpContext) => Promise<Result>): Promise<Result>;
  /** The same, called with a token of the test's. */
  returnedTo<Result>(
    token: string,
    method: (client: DownstreamClient, context: McpContext) => Promise<Result>,
  ): Promise<Result>;
  /** What the client threw inside the tool. */
  thrown(method: Method): Promise<errors.DownstreamError>;
}

/** @param parts - of the server; its tool `one` declares the downstream `orders` */
export async function startRunningTool(parts: Omit<DownstreamServerParts, 'providers'> = {}): Promise<RunningTool> {
  let body: Method = () => undefined;

  @Injectable()
  class Tools {
    constructor(private readonly downstream: DownstreamClient) {}

    @McpTool({ description: 'x', downstream: 'orders' })
    one(_input: unknown, context: McpContext) {
      return body(this.downstream, context);
    }
  }

  const server = await startDownstreamServer({ ...parts, providers: [Tools] });

  async function called(token: string, method: Method, signal?: AbortSignal): Promise<ToolResult> {
    body = method;
    return await callTool(server.resource, token, 'one', {}, signal);
  }

  async function settled(method: Method, token?: string): Promise<{ value?: unknown; error?: unknown }> {
    let outcome: { value?: unknown; error?: unknown } = { error: new Error('The tool did not run') };
    await called(token ?? (await server.token()), async (client, context) => {
      try {
        outcome = { value: await method(client, context) };
      } catch (error) {
        outcome = { error };
      }
    });
    return outcome;
  }

  async function returnedTo<Result>(token: string, method: Method): Promise<Result> {
    const outcome = await settled(method, token);
    if ('error' in outcome) throw outcome.error;
    return outcome.value as Result;
  }

  return {
    ...server,
    run: async (method, claims, signal) => await called(await server.token(claims), method, signal),
    returned: async (method) => await returnedTo(await server.token(), method),
    returnedTo,
    thrown: async (method) => {
      const { error } = await settled(method);
      if (error instanceof errors.DownstreamError) return error;
      throw new Error(`Not a DownstreamError: ${String(error)}`);
    },
  };
}
