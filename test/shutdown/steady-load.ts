import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import { headersFor, message, toolCall } from '../support/mcp-request.js';
import type { ProxyProcess } from '../support/proxy-process.js';

/** Clients that never stop to ask, through a proxy: calls of milliseconds and of seconds, and streams. */
export class SteadyLoad {
  /** What came of the requests of each kind, and how often. */
  readonly outcomes = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #dispatcher: Agent;
  readonly #clients: readonly Promise<void>[];
  #waiting: { readonly replica: string; readonly resolve: () => void } | undefined;

  constructor(
    proxy: ProxyProcess,
    private readonly token: string,
  ) {
    this.#dispatcher = new Agent({ connect: { socketPath: proxy.socket }, connections: null });
    const clients = { quick: 3, slow: 3, stream: 3 };
    this.#clients = Object.entries(clients).flatMap(([kind, count]) =>
      Array.from({ length: count }, () => this.#keepAsking(kind as keyof typeof clients)),
    );
  }

  /** What did not go well. */
  get lost(): readonly string[] {
    return [...this.outcomes].filter(([outcome]) => !/ (done|ended)$/.test(outcome)).map((each) => each.join(': '));
  }

  /** Waits until a replica answers. */
  async answerBy(replica: string): Promise<void> {
    await new Promise<void>((resolve) => (this.#waiting = { replica, resolve }));
  }

  /** Waits for what is asked now, and breaks the streams. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#clients);
    await this.#dispatcher.close();
  }

  async #keepAsking(kind: 'quick' | 'slow' | 'stream'): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const outcome = await (kind === 'stream' ? this.#listen() : this.#call(kind)).catch(String);
      if (kind === 'stream' && this.#stop.signal.aborted) return;
      this.outcomes.set(`${kind} ${outcome}`, (this.outcomes.get(`${kind} ${outcome}`) ?? 0) + 1);
    }
  }

  async #call(tool: string): Promise<string> {
    const { statusCode, body } = await this.#post(toolCall(tool, { id: randomUUID() }));
    const text = await body.text();
    const [, replica] = (statusCode === 200 && /"done by (\d+)"/.exec(text)) || [];
    if (replica === this.#waiting?.replica) this.#waiting?.resolve();
    return replica === undefined ? `${statusCode} ${text}` : 'done';
  }

  /** Until the server says that the stream has ended. */
  async #listen(): Promise<string> {
    const listening = message('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const { statusCode, body } = await this.#post(listening, this.#stop.signal);
    const text = await body.text();
    return statusCode === 200 && text.includes('"resultType":"complete"') ? 'ended' : `${statusCode} ${text}`;
  }

  #post(body: Record<string, unknown>, signal?: AbortSignal) {
    return request('http://localhost/mcp', {
      method: 'POST',
      headers: headersFor(body, this.token),
      body: JSON.stringify(body),
      dispatcher: this.#dispatcher,
      ...(signal && { signal }),
    });
  }
}
