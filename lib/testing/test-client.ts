import type { INestApplication } from '@nestjs/common';
import { TestCaller, type TestClientOptions } from './test-caller.js';
import { resolveEndpoint, type TestEndpoint } from './test-endpoint.js';
import type { TestIssuer } from './test-issuer.js';
import type { TestTokenClaims } from './test-token.js';

/** Calls an MCP server as anybody, by the official client (`@modelcontextprotocol/client`) over HTTP. */
export class TestClient {
  private constructor(
    private readonly endpoint: TestEndpoint,
    private readonly issuer: TestIssuer,
    private readonly options: TestClientOptions,
  ) {}

  /**
   * A client of a server.
   *
   * @param target - a Nest application, which is made to listen on a loopback port that the system chooses unless it
   *   listens already; or the URL of an endpoint
   * @param issuer - signs the callers' tokens
   * @param options - how it calls
   */
  static for(target: INestApplication | URL | string, issuer: TestIssuer, options: TestClientOptions = {}): TestClient {
    return new TestClient(resolveEndpoint(target, options.audience, options.server), issuer, options);
  }

  /**
   * A caller with a token that the issuer signs for the server.
   *
   * @param claims - what the token says. Defaults to a token of `alice`, without scopes
   */
  as(claims: TestTokenClaims = {}): TestCaller {
    const { audience } = this.endpoint;
    return this.#createCaller(() => this.issuer.token({ scopes: [], audience, ...claims }));
  }

  /**
   * A caller with a token that is made already.
   *
   * @param token - good or not
   */
  withToken(token: string): TestCaller {
    return this.#createCaller(() => Promise.resolve(token));
  }

  /** A caller without a token. */
  anonymously(): TestCaller {
    return this.#createCaller(() => Promise.resolve(undefined));
  }

  #createCaller(issueToken: () => Promise<string | undefined>): TestCaller {
    return new TestCaller(this.endpoint, issueToken, this.options);
  }
}
