import type { INestApplication } from '@nestjs/common';
import { TestCaller, type TestClientOptions } from './test-caller.js';
import { resolveEndpoint, type TestEndpoint } from './test-endpoint.js';
import type { TestIssuer } from './test-issuer.js';
import type { TestTokenClaims } from './test-token.js';

/** Calls an MCP server as different callers, with the official client (`@modelcontextprotocol/client`) over HTTP. */
export class TestClient {
  private constructor(
    private readonly endpoint: TestEndpoint,
    private readonly issuer: TestIssuer,
    private readonly options: TestClientOptions,
  ) {}

  /**
   * Creates a client of a server.
   *
   * @param target - a Nest application, or the URL of an endpoint. An application that does not listen yet is made to
   *   listen on a free loopback port
   * @param issuer - signs the callers' tokens
   * @param options - how it calls
   * @throws {@link McpAuthConfigurationError} if the application has no such server, or has several and none is named
   */
  static for(target: INestApplication | URL | string, issuer: TestIssuer, options: TestClientOptions = {}): TestClient {
    return new TestClient(resolveEndpoint(target, options.audience, options.server), issuer, options);
  }

  /**
   * Creates a caller with a token that the issuer signs for the server.
   *
   * @param claims - claims of the token. Defaults to a token of `alice` without scopes
   */
  as(claims: TestTokenClaims = {}): TestCaller {
    const { audience } = this.endpoint;
    return this.#createCaller(() => this.issuer.token({ scopes: [], audience, ...claims }));
  }

  /**
   * Creates a caller with an existing token.
   *
   * @param token - valid or not
   */
  withToken(token: string): TestCaller {
    return this.#createCaller(() => Promise.resolve(token));
  }

  /** Creates a caller without a token. */
  anonymously(): TestCaller {
    return this.#createCaller(() => Promise.resolve(undefined));
  }

  #createCaller(issueToken: () => Promise<string | undefined>): TestCaller {
    return new TestCaller(this.endpoint, issueToken, this.options);
  }
}
