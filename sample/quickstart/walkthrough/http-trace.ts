/** A request that the client sent, and how it was answered. */
export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly withToken: boolean;
  readonly status: number;
  readonly headers: Headers;
}

/** Notes down what passes through its `fetch`. */
export class HttpTrace {
  private readonly exchanges: Exchange[] = [];

  readonly fetch = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(url, init);
    const { status, headers } = response;
    const withToken = new Headers(init.headers).has('authorization');
    this.exchanges.push({ method: init.method ?? 'GET', url: new URL(url), withToken, status, headers });
    return response;
  };

  /** The last request of the kind that `description` names. */
  last(description: string, matches: (exchange: Exchange) => boolean): Exchange {
    const exchange = this.exchanges.findLast(matches);
    if (!exchange) throw new Error(`the client sent no ${description}`);
    return exchange;
  }
}
