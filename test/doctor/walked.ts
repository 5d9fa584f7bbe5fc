import { Logger } from '@nestjs/common';
import { clientSecretBasic, type IssuerOptions, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { examineExports, type AskedProbes } from '../../lib/doctor/configuration-file.js';
import type { Finding } from '../../lib/doctor/finding.js';
import { keepSecret } from '../support/secret-watch.js';
import { TestApi } from '../support/test-api.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

export const RESOURCE = 'https://mcp.example/mcp';

const SECRET = 'the-secret-of-the-walk';
keepSecret(SECRET);

// The report has everything.
Logger.overrideLogger(false);

export interface WalkParts extends Omit<AskedProbes, 'token'> {
  /** Claims of the token, or the token. Without it, none is walked. */
  readonly token?: Record<string, unknown> | string;
  readonly trust?: Partial<IssuerOptions>;
  readonly options?: Partial<McpAuthModuleOptions>;
  readonly tools?: readonly unknown[];
}

/** A finding as the tests compare it. */
export type Told = Pick<Finding, 'code' | 'severity' | 'subject'> & { readonly text: string };

/** An issuer and an API through which tokens are walked. */
export class Route {
  private constructor(
    readonly issuer: TestIssuer,
    readonly api: TestApi,
  ) {}

  static async start(): Promise<Route> {
    return new Route(await TestIssuer.start(), await TestApi.start());
  }

  /** What the token endpoint answers. */
  answer(status: number, body: object): void {
    this.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, status, body);
    });
  }

  /** What the doctor finds. No finding may contain the token that came in, or the one that was exchanged. */
  async walk({ token, trust, options, tools, ...asked }: WalkParts): Promise<readonly Told[]> {
    const walked =
      typeof token === 'object'
        ? await this.issuer.token({ aud: RESOURCE, scope: 'orders:read', exp: inAnHour(), ...token })
        : token;
    const findings = await examineExports(
      {
        options: {
          server: { name: 'orders', version: '1.0.0' },
          resource: RESOURCE,
          issuers: [{ issuer: this.issuer.issuer, ...trust }],
          client: { id: 'mcp', authentication: clientSecretBasic(SECRET) },
          downstreams: { orders: { baseUrl: this.api.origin, audience: 'orders-api' } },
          ...options,
        },
        tools,
      },
      { ...asked, token: walked },
    );
    const told = JSON.stringify(findings);
    for (const secret of [walked, ...this.api.requests.map(({ headers }) => headers.authorization?.split(' ')[1])])
      if (secret !== undefined && told.includes(secret.split('.').at(-1) ?? secret))
        throw new Error('A token was told');
    return findings.map(({ code, severity, subject, message, fix }) => ({
      ...{ code, severity, subject },
      text: `${message} ${fix}`,
    }));
  }

  /** What the walk says of one step, in its order. */
  async stepsOf(parts: WalkParts): Promise<readonly Told[]> {
    return (await this.walk(parts)).filter(({ text }) => text.startsWith('Step'));
  }

  async close(): Promise<void> {
    await Promise.all([this.issuer.close(), this.api.close()]);
  }
}

/** Seconds since the epoch. */
function inAnHour(): number {
  return Math.floor(Date.now() / 1000) + 3600;
}
