import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
import { startProcess } from './forked-process.js';
import { writeMessage, type Era, type Message, type SentMessage } from './messages.js';
import type { NodeRelease } from './node-releases.js';
import type { Algorithm } from './signatures.js';
import type { ServerChoice, Surroundings } from './server-process.js';
import type { ServerUnderLoad } from './servers/listen.js';
import { startApi, startIssuer, type BenchIssuer } from './servers/issuer.js';

const CONNECTIONS = 16;

/** How much is sent: for so many seconds, or so many requests. */
export type Amount = { readonly seconds: number } | { readonly requests: number };

/** What a server does under load. */
export interface Load {
  readonly requests: number;
  /** Requests per second. */
  readonly rate: number;
  /** Time of the processor for a request, user and system, in microseconds. */
  readonly cpu: number;
}

/** The issuer and the API, in this process: what they do is not counted. */
let around: Promise<{ readonly issuer: BenchIssuer; readonly api: string }> | undefined;

/** The issuer whose tokens the servers take. */
export async function getIssuer(): Promise<BenchIssuer> {
  return (await getSurroundings()).issuer;
}

async function getSurroundings() {
  around ??= Promise.all([startIssuer(), startApi()]).then(([issuer, api]) => ({ issuer, api }));
  return await around;
}

/** A server in a process of its own. */
export class BenchServer {
  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(choice: ServerChoice, node: NodeRelease): Promise<BenchServer> {
    const { issuer, api } = await getSurroundings();
    const at: Surroundings = { issuer: issuer.issuer, api };
    const args = [JSON.stringify(choice), JSON.stringify(at)];
    const { child, answer } = await startProcess<ServerUnderLoad>('server-process', args, node);
    return new BenchServer(answer.url, child);
  }

  /** A token for this server, which allows to call its tools. */
  async createToken(subject = 'alice', algorithm?: Algorithm): Promise<string> {
    return (await getIssuer()).sign({ aud: this.url, sub: subject, scope: 'echo' }, algorithm);
  }

  /** Sends one message. @throws Error if the answer is not a result */
  async ask(message: Message, era: Era, token: string): Promise<string> {
    const { headers, body } = writeMessage(message, era);
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${token}` },
      body,
    });
    const text = await response.text();
    if (response.status !== 200 || !text.includes('"result"') || text.includes('"isError":true'))
      throw new Error(`${this.url}: ${response.status} ${text.slice(0, 500)}`);
    return text;
  }

  /**
   * Sends messages.
   *
   * @param tokens - each request has the next one
   */
  async load(message: SentMessage, tokens: readonly string[], amount: Amount): Promise<Load> {
    const before = (await this.measure()).cpu;
    let next = 0;
    const authorize = (request: autocannon.Request): autocannon.Request => ({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${tokens[next++ % tokens.length] ?? ''}` },
    });
    const [first = ''] = tokens;
    const result = await autocannon({
      url: this.url,
      method: 'POST',
      connections: 'requests' in amount ? Math.min(CONNECTIONS, amount.requests) : CONNECTIONS,
      timeout: 60,
      ...('seconds' in amount ? { duration: amount.seconds } : { amount: amount.requests }),
      headers: { ...message.headers, authorization: `Bearer ${first}` },
      body: message.body,
      ...(tokens.length > 1 && { requests: [{ setupRequest: authorize }] }),
    });
    if (result.non2xx > 0 || result.errors > 0)
      throw new Error(`${this.url}: ${result.non2xx} answers were not 2xx, ${result.errors} failed`);
    const requests = result['2xx'];
    return { requests, rate: requests / result.duration, cpu: ((await this.measure()).cpu - before) / requests };
  }

  /** What the process has used: microseconds of the processor, and bytes of memory. */
  async measure(): Promise<{ readonly cpu: number; readonly memory: NodeJS.MemoryUsage }> {
    this.process.send('measure');
    const [{ cpu, memory }] = (await once(this.process, 'message')) as [
      { cpu: NodeJS.CpuUsage; memory: NodeJS.MemoryUsage },
    ];
    return { cpu: cpu.user + cpu.system, memory };
  }

  stop(): void {
    this.process.kill();
  }
}
