import { generateKeyPairSync, randomUUID, type KeyPairKeyObjectResult } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privateKeyJwt, TokenCache } from 'nestjs-mcp-auth';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';

/** A key of the server's own client. */
export class ClientKey {
  readonly #pair: KeyPairKeyObjectResult = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #named = { kid: randomUUID(), alg: 'ES256', use: 'sig' };

  /** What the server reads. */
  get file(): string {
    return JSON.stringify({ ...this.#pair.privateKey.export({ format: 'jwk' }), ...this.#named });
  }

  /** Without an ID: Keycloak gives one of its own to the key of a certificate. */
  get pem(): string {
    return this.#pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  }

  get publicJwk(): object {
    return { ...this.#pair.publicKey.export({ format: 'jwk' }), ...this.#named };
  }

  get certificate(): string {
    return selfSignedCertificate(this.#pair).cert.replace(/-----[^-]+-----|\s/g, '');
  }
}

/** A server whose own client has a key in a file. */
export class ServerWithKey {
  private constructor(
    readonly server: OrdersServer,
    private readonly directory: string,
    /** Of a user. */
    readonly token: string,
    private readonly subject: string,
  ) {}

  static async start(key: ClientKey): Promise<ServerWithKey> {
    const directory = await mkdtemp(join(tmpdir(), 'client-key-'));
    const file = join(directory, 'client-key');
    await writeFile(file, key.file);
    const authentication = privateKeyJwt({ key: { file } });
    const server = await startOrdersServer({ options: { client: { id: 'mcp-orders', authentication } } });
    const token = await server.alice.token({ scope: 'orders:read' });
    return new ServerWithKey(server, directory, token, await server.alice.id());
  }

  get file(): string {
    return join(this.directory, 'client-key');
  }

  /** Changes what Keycloak knows of the client. */
  async configure(attributes: Readonly<Record<string, string>>): Promise<void> {
    await this.server.realm.configureClient(this.server.clientId, {
      clientAuthenticatorType: 'client-jwt',
      attributes: { 'standard.token.exchange.enabled': 'true', ...attributes },
    });
  }

  /** Calls an API with a token that was not exchanged before. */
  async callAnew(): Promise<void> {
    await this.server.app.get(TokenCache).revoke({ issuer: this.server.realm.issuer, subject: this.subject });
    await this.server.succeed(this.token, 'find_order');
  }

  async close(): Promise<void> {
    await this.server.close();
    await rm(this.directory, { recursive: true });
  }
}
