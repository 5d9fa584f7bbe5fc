import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { parseChallenge } from '../compliance/challenge-parameters.js';
import { takeFailedAnswers } from '../support/failed-answers.js';
import { message, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { Forge } from './forge.js';

/** Names of the tools that ran. */
const ran: string[] = [];

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.looseObject({}) })
  ping(): string {
    ran.push('ping');
    return 'pong';
  }
  @McpTool({ description: 'x', scopes: ['admin'] })
  admin(): string {
    ran.push('admin');
    return 'done';
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an attacker should get: a status, and the error of the challenge that goes with it. */
export type Verdict = readonly [status: number, error?: string];

export const REFUSED: Verdict = [401, 'invalid_token'];

/** A server, its issuer, and an authorization server that nobody here configured. */
export class AttackedServer {
  private constructor(
    readonly server: ProtectedServer,
    readonly stranger: TestIssuer,
    readonly forge: Forge,
  ) {}

  static async start(options: Partial<McpAuthModuleOptions>, platform: Platform): Promise<AttackedServer> {
    const server = await startProtectedServer({ platform, providers: [Tools], options });
    const forge = await Forge.start(server);
    return new AttackedServer(server, await TestIssuer.start(), forge);
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.stranger.close();
  }

  /** What ran so far, as it should, is no longer held against the next attack. */
  forget(): void {
    ran.length = 0;
  }

  /** A call of a tool with whatever stands in `Authorization`. */
  async call(authorization: string | undefined, tool = 'ping', headers: readonly string[] = []): Promise<Answer> {
    return await this.post(toolCall(tool), [
      ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
      ...headers,
    ]);
  }

  /** A POST of a body with the headers that belong to it. */
  async post(body: unknown, headers: readonly string[] = []): Promise<Answer> {
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const { method, params } = (typeof body === 'object' ? body : {}) as ReturnType<typeof message>;
    const name = (params as { name?: unknown } | undefined)?.name;
    return await this.send([
      'POST /mcp HTTP/1.1',
      `Host: ${new URL(this.server.origin).host}`,
      'Content-Type: application/json',
      'Accept: application/json, text/event-stream',
      'MCP-Protocol-Version: 2026-07-28',
      ...(typeof method === 'string' ? [`Mcp-Method: ${method}`] : []),
      ...(typeof name === 'string' && /^[\x21-\x7e]+$/.test(name) ? [`Mcp-Name: ${name}`] : []),
      ...headers,
      `Content-Length: ${Buffer.byteLength(text)}`,
      'Connection: close',
      '',
      text,
    ]);
  }

  /** Writes the lines as they are, and reads whatever comes back. */
  async send(lines: readonly (string | Buffer)[], lineEnd = '\r\n'): Promise<Answer> {
    const { port, hostname } = new URL(this.server.origin);
    const parts = lines.flatMap((line, index) => [...(index > 0 ? [Buffer.from(lineEnd)] : []), Buffer.from(line)]);
    const text = await new Promise<string>((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect(Number(port), hostname, () => socket.write(Buffer.concat(parts)));
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', reject);
      socket.on('close', () => {
        resolve(Buffer.concat(chunks).toString());
      });
    });
    const [head = '', ...rest] = text.split('\r\n\r\n');
    const [first = '', ...fields] = head.split('\r\n');
    const headers: Record<string, string> = {};
    for (const field of fields) {
      const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(field) ?? [];
      headers[name.toLowerCase()] = name.toLowerCase() in headers ? `${headers[name.toLowerCase()]}, ${value}` : value;
    }
    return { status: Number(first.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
  }

  /** Whether the server still does what it is for. */
  async expectGoodRequest(): Promise<void> {
    ran.length = 0;
    const { status } = await this.call(`Bearer ${this.forge.token()}`);
    expect({ status, ran: [...ran] }).toEqual({ status: 200, ran: ['ping'] });
    ran.length = 0;
  }
}

/** Before the tests of a file there is a server, and after each nothing has come of the attack. */
export function attackedServer(
  options: Partial<McpAuthModuleOptions> = {},
  platform: Platform = 'express',
): () => AttackedServer {
  let attacked: AttackedServer | undefined;
  beforeAll(async () => {
    attacked = await AttackedServer.start(options, platform);
    await attacked.expectGoodRequest();
  });
  afterEach(() => {
    expect(attacked?.stranger.requests).toEqual([]);
    ran.length = 0;
  });
  afterAll(async () => {
    await attacked?.expectGoodRequest();
    await attacked?.close();
    expect(takeFailedAnswers()).toEqual([]);
  });
  return () => {
    if (!attacked) throw new Error('The server is not there yet');
    return attacked;
  };
}

/** A server of each kind, for attacks on what an adapter does: bodies and headers. */
export function attackedServers(): readonly (readonly [platform: Platform, attacked: () => AttackedServer])[] {
  return (['express', 'fastify'] as const).map((platform) => [platform, attackedServer({}, platform)]);
}

/** What must hold of the answer to every attack. */
export function expectVerdict(answer: Answer, [status, error]: Verdict, secret = ''): void {
  expect(answer.status).toBe(status);
  expect(ran.filter((tool) => tool === 'admin')).toEqual([]);
  if (status >= 400) expect(ran).toEqual([]);
  const challenge = answer.headers['www-authenticate'];
  if (error !== undefined) {
    expect(parseChallenge(challenge ?? '')).toMatchObject({
      error,
      resource_metadata: expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:\d+\/\.well-known\/oauth-protected-resource\/mcp$/,
      ),
    });
  } else if (challenge !== undefined) {
    expect(parseChallenge(challenge).error).toBeUndefined();
  }
  expect(answer.body).not.toMatch(/node_modules|\bat .+:\d+:\d+/);
  for (const part of secret.split('.').filter((one) => one.length > 20)) {
    expect(answer.body + JSON.stringify(answer.headers)).not.toContain(part);
  }
}

/** One named case for each row: a token, made when the server is there, and what it should get. */
export function describeTokens(
  attacked: () => AttackedServer,
  rows: readonly (readonly [name: string, token: (forge: Forge) => Promise<string> | string, verdict?: Verdict])[],
  tool = 'ping',
): void {
  test.each(rows)('%s', async (_name, make, verdict = REFUSED) => {
    const token = await make(attacked().forge);
    expectVerdict(await attacked().call(`Bearer ${token}`, tool), verdict, token);
  });
}
