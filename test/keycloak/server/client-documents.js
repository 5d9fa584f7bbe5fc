import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { URL } from 'node:url';
import { promisify } from 'node:util';

/** Copies of what clients publish of themselves. The path of a copy is its URL without the scheme. */
const DOCUMENTS = new URL('../client-documents/', import.meta.url);

const PASSWORD = 'of-the-tests';

/**
 * The client ID metadata documents of real clients, at their real URLs, for servers that go through a proxy and trust its
 * certificate. Nothing leaves the machine.
 *
 * @returns {Promise<{ environment: Record<string, string>, stop(): Promise<void> }>} what Keycloak needs in its environment
 */
export async function startClientDocuments() {
  const hosts = await readdir(DOCUMENTS);
  const directory = await mkdtemp(join(tmpdir(), 'client-documents-'));
  const { pfx, certificate } = await createCertificate(directory, hosts);
  const documents = createServer({ pfx, passphrase: PASSWORD }, (request, response) => {
    readFile(new URL(`./${request.headers.host}${request.url}`, DOCUMENTS)).then(
      (document) => response.setHeader('content-type', 'application/json').end(document),
      () => response.writeHead(404).end(),
    );
  });
  const port = await listen(documents);
  const proxy = createProxy().on('connect', (request, socket) => {
    if (!hosts.includes(request.url.split(':')[0])) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    const end = () => {
      socket.destroy();
      upstream.destroy();
    };
    socket.on('error', end).on('close', end);
    upstream.on('error', end).on('close', end);
  });
  const proxyPort = await listen(proxy);
  return {
    environment: {
      HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
      NO_PROXY: '127.0.0.1,localhost',
      KC_TRUSTSTORE_PATHS: certificate,
    },
    stop: async () => {
      proxy.close();
      documents.close();
      documents.closeAllConnections();
      await rm(directory, { recursive: true });
    },
  };
}

/** By the tool that comes with Java, which Keycloak needs anyway. */
async function createCertificate(directory, hosts) {
  const keytool = promisify(execFile).bind(undefined, 'keytool');
  const [store, certificate] = [join(directory, 'documents.p12'), join(directory, 'documents.pem')];
  const ours = ['-alias', 'documents', '-keystore', store, '-storetype', 'PKCS12', '-storepass', PASSWORD];
  const names = hosts.map((host) => `dns:${host}`).join(',');
  await keytool([
    ...['-genkeypair', ...ours, '-keyalg', 'EC', '-groupname', 'secp256r1', '-dname', 'CN=documents of clients'],
    ...['-validity', '30', '-ext', `san=${names}`],
  ]);
  await keytool(['-exportcert', ...ours, '-rfc', '-file', certificate]);
  return { pfx: await readFile(store), certificate };
}

async function listen(server) {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server.address().port;
}
