import { Injectable } from '@nestjs/common';
import { expect } from '@jest/globals';
import { clientSecretBasic, McpAuthModule, McpTool, type AuditEvent, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { send, type Answer } from '../proof/send.js';
import { toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  find(): string {
    return 'found';
  }
}

/** What a server says of a request that it refuses. */
export interface Refused {
  readonly status: number;
  /** What the stranger outside is told. */
  readonly told: string;
  readonly event: Extract<AuditEvent, { type: 'token_rejected' | 'request_refused' }>;
  /** The lines of the log about it. */
  readonly log: readonly string[];
}

type Options = Partial<McpAuthModuleOptions>;

type Headers = Record<string, string | string[]>;

/** One application with several servers, each with other options, that trust one issuer. */
export class RefusingServer {
  private constructor(
    readonly issuer: TestIssuer,
    private readonly app: TestApplication,
    private readonly events: AuditEvent[],
  ) {}

  /** @param servers - by name, which is the path, too */
  static async start(
    platform: Platform,
    servers: (issuer: string) => Record<string, Options>,
  ): Promise<RefusingServer> {
    const issuer = await TestIssuer.start();
    const events: AuditEvent[] = [];
    const observability = { auditSink: { record: (event: AuditEvent) => void events.push(event) } };
    const app = await startApplication({
      platform,
      providers: [Tools],
      imports: (origin) =>
        Object.entries(servers(issuer.issuer)).map(([name, options]) =>
          McpAuthModule.forRoot(
            optionsFor(origin, issuer.issuer, {
              server: { name, version: '1.0.0' },
              resource: `${origin}/${name}`,
              observability,
              ...options,
            }),
          ),
        ),
    });
    return new RefusingServer(issuer, app, events);
  }

  resource(name: string): string {
    return `${this.app.origin}/${name}`;
  }

  async call(name: string, headers: Headers, { query = '', body = toolCall('find') as unknown } = {}): Promise<Answer> {
    this.events.length = 0;
    this.app.log.lines.length = 0;
    return await send(`${this.resource(name)}${query}`, { body, headers });
  }

  /** Sends a call that has to be refused. */
  async refuse(...call: Parameters<RefusingServer['call']>): Promise<Refused> {
    const answer = await this.call(...call);
    const [event] = this.events;
    if (!event || this.events.length > 1)
      throw new Error(`Not one event: ${JSON.stringify([this.events, answer, this.app.log.lines])}`);
    const told = JSON.stringify([answer.headers, answer.text]);
    return { status: answer.status, told, event: event as Refused['event'], log: [...this.app.log.lines] };
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.issuer.close();
  }
}

export const OWN_CLIENT = { id: 'mcp-server', authentication: clientSecretBasic('the-secret-of-the-server') };

/** Event and log have what came, what was wanted and what to do. The stranger has none of it. */
export function expectExplained(
  { event, log, told, status }: Refused,
  expected: { readonly status: number; readonly reason: string; readonly detail: RegExp; readonly fix: RegExp },
): void {
  expect({ ...event, status }).toMatchObject({ reason: expected.reason, status: expected.status });
  expect(String(event.detail)).toMatch(expected.detail);
  expect(event.fix).toMatch(expected.fix);
  const lines = log.filter((line) => line.includes(event.correlationId));
  expect(lines).toEqual([expect.stringMatching(/^warn A (token was rejected|request was refused) \[/)]);
  for (const text of [event.reason, event.detail ?? '', event.fix]) expect(lines[0]).toContain(text);
  expect(told).not.toContain(String(event.detail));
  expect(told).not.toContain(event.fix);
  expectNothingTold(told, String(event.detail), event.reason);
  for (const text of [String(event.detail), ...lines]) expect(text).not.toMatch(/eyJ|\p{Cc}/u);
}

/** A description repeats neither what came nor what was wanted, names no option, and blames nobody. */
function expectNothingTold(told: string, detail: string, reason: string): void {
  const [, description = ''] = /error_description=\\*"([^"\\]*)/.exec(told) ?? [];
  if (told.includes('error=')) expect(description).toBe(reason);
  for (const [, value = ''] of detail.matchAll(/"([^"]{4,})"/g)) expect(description).not.toContain(value);
  expect(description).not.toMatch(/`|https?:|\byou\b|\byour\b/i);
}
