import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DownstreamClient, errors, McpTool } from 'nestjs-mcp-auth';
import { callTool, textOf } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { startDownstreamServer, type DownstreamServer } from './downstream-server.js';

const CALLERS = 20;

/** Nothing times out while a test runs, however slow the machine is. */
const http = { timeoutMs: 120_000, deadlineMs: 240_000 };

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'Find an order', downstream: 'orders' })
  async find(): Promise<string> {
    return await this.#ask('orders', '/find');
  }

  @McpTool({ description: 'Make a report', downstream: 'orders' })
  async report(): Promise<string> {
    return await this.#ask('orders', '/report');
  }

  @McpTool({ description: 'Find an invoice', downstream: 'billing' })
  async invoice(): Promise<string> {
    return await this.#ask('billing', '/invoice');
  }

  async #ask(name: string, path: string): Promise<string> {
    try {
      await this.downstream.for(name).json(path);
      return 'answered';
    } catch (error) {
      return error instanceof errors.DownstreamError ? error.code : String(error);
    }
  }
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: DownstreamServer;
  let tokens: readonly string[];
  /** Requests that the API does not answer. */
  let held: ServerResponse[];
  let outcomes: string[];

  beforeEach(async () => {
    held = [];
    server = await startDownstreamServer({ platform, providers: [Tools], orders: { http } });
    tokens = await Promise.all(Array.from({ length: CALLERS }, (_, number) => server.token({ sub: `user-${number}` })));
    outcomes = [];
    for (const tool of ['find', 'report', 'invoice']) await expectAnswers(tool, CALLERS);
  });
  afterEach(async () => {
    release();
    await server.close();
  });

  /** Calls a tool so many times at once, for all callers by turns. */
  async function call(tool: string, times: number): Promise<readonly string[]> {
    const one = async (_: unknown, number: number) => {
      const text = textOf(await callTool(server.resource, tokens[number % CALLERS], tool));
      outcomes.push(text);
      return text;
    };
    return await Promise.all(Array.from({ length: times }, one));
  }

  async function expectAnswers(tool: string, times: number): Promise<void> {
    expect(await call(tool, times)).toEqual(Array.from({ length: times }, () => 'answered'));
  }

  function countRefused(): number {
    return outcomes.filter((outcome) => outcome === 'downstream_overloaded').length;
  }

  /** From now on a path is not answered. */
  function hang(path: string): void {
    server.orders.answers.set(path, (_request, response) => held.push(response));
  }

  function release(): void {
    server.orders.answers.clear();
    for (const response of held.splice(0)) if (!response.destroyed) sendJson(response, 200, {});
  }

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  }

  test('an API that hangs is left to single requests, and all others fail at once', async () => {
    hang('/v1/find');
    hang('/v1/report');
    const first = [call('find', 20), call('report', 20)];
    await until(() => server.log.text.includes('orders answers nothing at the moment'));
    const later = [call('find', 30), call('report', 30)];
    // Nothing has timed out, and only those that try are held, too.
    await until(() => countRefused() >= 50);
    expect(held.length).toBeLessThanOrEqual(50);
    await expectAnswers('invoice', CALLERS);
    release();
    await Promise.all([...first, ...later]);
    expect(server.log.text).toContain('orders answers again');
    await Promise.all([expectAnswers('find', CALLERS), expectAnswers('report', CALLERS)]);
  });

  test('a tool whose requests hang leaves the API to the others', async () => {
    hang('/v1/report');
    const reports = [call('report', 20)];
    while (countRefused() === 0) {
      await expectAnswers('find', CALLERS);
      reports.push(call('report', 1));
    }
    expect(server.log.text).not.toContain('orders answers nothing');
    release();
    await Promise.all(reports);
  });
});
