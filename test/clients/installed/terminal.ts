import type { Readable, Writable } from 'node:stream';
import { ScriptlessBrowser } from '../../../sample/quickstart/walkthrough/scriptless-browser.js';
import { signIn } from '../../../sample/quickstart/walkthrough/sign-in.js';

export interface TerminalOptions {
  /** Where answers go. */
  readonly input?: Writable;
  /** What a client says each time that it begins to wait for a browser; by default it does before it shows an address. */
  readonly waits?: RegExp;
}

/** The user in front of a client that runs in a terminal: opens the addresses that it shows, and says yes to its questions. */
export class Terminal {
  /** All that the client said. */
  output = '';
  /** The authorization requests that the user was sent away with. */
  readonly requests: URLSearchParams[] = [];
  /** Whether the user says yes. */
  agrees = true;

  readonly #browser = new ScriptlessBrowser();
  readonly #failure: Promise<never>;
  #answered = 0;

  constructor(
    private readonly username: string,
    said: Readable,
    private readonly options: TerminalOptions = {},
  ) {
    this.#failure = new Promise((_resolve, reject) => {
      said.setEncoding('utf8').on('data', (chunk: string) => {
        this.output += chunk;
        this.#respond().catch(reject);
      });
    });
    // Nobody may be waiting any more.
    this.#failure.catch(() => undefined);
  }

  /** Waits for what the client does, or for what goes wrong at the user's end. */
  async during<T>(work: Promise<T>): Promise<T> {
    return await Promise.race([work, this.#failure]);
  }

  async #respond(): Promise<void> {
    const questions = this.output.match(/\[y\/N\]/g)?.length ?? 0;
    for (; this.#answered < questions; this.#answered += 1) this.options.input?.write(this.agrees ? 'y\n' : 'n\n');
    for (let address = this.#nextAddress(); address !== undefined; address = this.#nextAddress()) {
      this.requests.push(new URL(address).searchParams);
      const response = await fetch(await signIn(address, { username: this.username, browser: this.#browser }));
      if (!response.ok) throw new Error(`The client refused its user: ${response.status} ${await response.text()}`);
    }
  }

  /** That was not opened yet, and which the client waits for. */
  #nextAddress(): string | undefined {
    const { waits } = this.options;
    const awaited = waits ? (this.output.match(waits)?.length ?? 0) : Infinity;
    const addresses = this.output.match(/http:\/\/\S+\/auth\?\S+(?=\s)/g) ?? [];
    return addresses.slice(0, awaited)[this.requests.length];
  }
}
