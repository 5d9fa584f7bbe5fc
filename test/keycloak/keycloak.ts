import { describe } from '@jest/globals';

/** A server that the run started, as an administrator sees it. */
export class Keycloak {
  /** The administrator's; it lasts a minute. */
  #token = '';

  /**
   * @param origin - as `server/global-setup.js` left it; `undefined` where there is no server
   */
  private constructor(private readonly known: string | undefined) {}

  /** As it comes. */
  static readonly usual = new Keycloak(process.env.KEYCLOAK_ORIGIN);

  /** As it comes, by the name that it has in a network of containers. A test has to resolve that name. */
  static readonly inNetwork = new Keycloak(process.env.KEYCLOAK_ORIGIN?.replace('127.0.0.1', 'keycloak'));

  /** With client ID metadata documents, which are experimental, and nothing else. It reads those of real clients. */
  static readonly withClientDocuments = new Keycloak(process.env.KEYCLOAK_CLIENT_DOCUMENTS_ORIGIN);

  /** With resource indicators, ID-JAG and client ID metadata documents, which are experimental. */
  static readonly experimental = new Keycloak(process.env.KEYCLOAK_EXPERIMENTAL_ORIGIN);

  /** With the realm of `sample/production`, and with the files that its `make.sh` has made. */
  static readonly ofProduction = new Keycloak(process.env.KEYCLOAK_PRODUCTION_ORIGIN);

  get isRunning(): boolean {
    return this.known !== undefined;
  }

  get origin(): string {
    if (this.known === undefined) throw new Error('Keycloak does not run');
    return this.known;
  }

  /** A request to the administration API, which has to be granted. */
  async admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const send = async () =>
      await fetch(`${this.origin}/admin${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    let response = await send();
    if (response.status === 401) {
      await this.#signIn();
      response = await send();
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  async #signIn(): Promise<void> {
    const { KEYCLOAK_ADMIN: username = '', KEYCLOAK_ADMIN_PASSWORD: password = '' } = process.env;
    const response = await fetch(`${this.origin}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username, password }),
    });
    const { access_token } = (await response.json()) as { access_token?: string };
    if (access_token === undefined) throw new Error(`the administrator was refused: ${response.status}`);
    this.#token = access_token;
  }
}

/** Tests that need a server; skipped where there is none, which the set-up has said. */
export const describeWithKeycloak = Keycloak.usual.isRunning ? describe : describe.skip;
