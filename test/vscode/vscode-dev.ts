import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';

/** Stands for https://vscode.dev/redirect, which sends browsers back to the VS Code that `state` names. */
export class VscodeDev {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<VscodeDev> {
    const certificate = selfSignedCertificate(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    const server = createServer(certificate, (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'https://vscode.dev');
      if (pathname !== '/redirect') {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(302, { location: addressIn(searchParams).href }).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new VscodeDev(server);
  }

  /** For Chromium: where the host is, and that its certificate is good enough. */
  get chromiumArguments(): string[] {
    const { port } = this.server.address() as AddressInfo;
    return [`--host-resolver-rules=MAP vscode.dev:443 127.0.0.1:${port}`, '--ignore-certificate-errors'];
  }

  close(): void {
    this.server.close().closeAllConnections();
  }
}

/** The address takes what came with it among the parameters of VS Code's own address. */
function addressIn(response: URLSearchParams): URL {
  const address = new URL(decodeURIComponent(response.get('state') ?? ''));
  const query = new URLSearchParams(address.searchParams.get('vscode-query') ?? '');
  for (const [name, value] of response) if (name !== 'state') query.append(name, value);
  address.searchParams.set('vscode-query', query.toString());
  return address;
}
