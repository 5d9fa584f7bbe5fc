import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that systems give to whoever asks for any. */
const [LOWEST, HIGHEST] = [12_000, 32_000];

const NAMED = /\b(?:localhost|127\.0\.0\.1):(\d{2,5})\b/g;

/**
 * The addresses of a page, and those that a test has in their place: each port that the page names in an address of this
 * machine is another one, wherever the page has its number. This is the one thing in which a test reads other text than a
 * reader.
 */
export class Addresses {
  private constructor(private readonly ports: ReadonlyMap<string, string>) {}

  static async for(page: string): Promise<Addresses> {
    const named = new Set([...page.matchAll(NAMED)].map(([, port = '']) => port));
    const ports = new Map<string, string>();
    for (const port of named) ports.set(port, await findPort([...ports.values()]));
    return new Addresses(ports);
  }

  /** The port that stands for one of the page, if the page names it. */
  port(named: number): number | undefined {
    const port = this.ports.get(String(named));
    return port === undefined ? undefined : Number(port);
  }

  readonly replaceIn = (text: string): string =>
    text.replaceAll(/\b\d{2,5}\b/g, (number) => this.ports.get(number) ?? number);
}

async function findPort(taken: readonly string[]): Promise<string> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!taken.includes(String(port)) && (await isFree(port))) return String(port);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}
