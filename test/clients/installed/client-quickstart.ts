import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Quickstart } from '../../../sample/quickstart/quickstart.js';
import { EventLog } from '../../../sample/quickstart/walkthrough/event-log.js';
import { authorizationNeeded, McpClient } from '../../../sample/quickstart/walkthrough/mcp-client.js';
import { selfSignedCertificate } from '../../quickstart/self-signed-certificate.js';
import { RecordedRequests } from './recorded-requests.js';

/** A quickstart, as a test lets a client loose on it, and the home of the client's user. */
export class ClientQuickstart {
  readonly requests: RecordedRequests;
  /** What the authorization server and the orders API tell of. */
  readonly events: EventLog;
  #documents: Server | undefined;

  private constructor(
    private readonly quickstart: Quickstart,
    /** A directory that is forgotten at the end. */
    readonly home: string,
  ) {
    this.requests = new RecordedRequests(quickstart);
    this.events = new EventLog(quickstart.events);
  }

  static async of(quickstart: Quickstart): Promise<ClientQuickstart> {
    return new ClientQuickstart(quickstart, await mkdtemp(join(tmpdir(), 'mcp-client-home-')));
  }

  get mcpUrl(): string {
    return this.quickstart.mcpUrl;
  }

  get apiUrl(): string {
    return this.quickstart.apiUrl;
  }

  /** An access token of alice's, for the MCP server and `orders:read`. */
  async token(): Promise<string> {
    const client = new McpClient(new URL(this.mcpUrl), 'alice');
    await authorizationNeeded(client.connect());
    await client.redeemCode(await client.signIn());
    await client.close();
    return client.accessToken;
  }

  /** A client ID metadata document, whose address is the `client_id`. */
  async publishMetadata(redirectUri: string): Promise<string> {
    this.#documents = createServer(selfSignedCertificate(), (_request, response) => {
      const metadata = { client_name: 'Published', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ client_id: clientId, ...metadata }));
    });
    this.#documents.listen(0, '127.0.0.1');
    await once(this.#documents, 'listening');
    const clientId = `https://127.0.0.1:${(this.#documents.address() as AddressInfo).port}/client.json`;
    return clientId;
  }

  /** Ends what belongs to the test. */
  async close(): Promise<void> {
    this.requests.close();
    this.events.close();
    this.#documents?.close().closeAllConnections();
    await rm(this.home, { recursive: true });
  }
}
