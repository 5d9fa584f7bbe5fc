/**
 * Headers by which proxies, gateways and frameworks tell an API who sends a request, from where, and to which address
 * and method. APIs trust them, because their own proxies set them.
 */
const NAMES: ReadonlySet<string> = new Set([
  'akamai-origin-hop',
  'cdn-loop',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-ipcountry',
  'cf-visitor',
  'client-cert',
  'client-cert-chain',
  'client-ip',
  'cluster-client-ip',
  'fastly-client-ip',
  'fly-client-ip',
  'forwarded',
  'forwarded-for',
  'front-end-https',
  'incap-client-ip',
  'max-forwards',
  'proxy',
  'real-ip',
  'remote-addr',
  'remote-user',
  'request-uri',
  'true-client-ip',
  'via',
  'x-anonymous-consumer',
  'x-custom-ip-authorization',
  'x-host',
  'x-http-host-override',
  'x-middleware-subrequest',
  'x-nginx-proxy',
  'x-originating-ip',
  'x-override-url',
  'x-path-info',
  'x-request-uri',
  'x-scheme',
  'x-sendfile',
  'x-sucuri-clientip',
  'x-true-client-ip',
  'x-url-scheme',
  'x-userinfo',
]);

/** Headers by which a request says that it has another method than its own. */
const METHOD_OVERRIDES: ReadonlySet<string> = new Set([
  'http-method-override',
  'method-override',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
]);

/** Beginnings of further names. */
const PREFIXES: readonly string[] = [
  'cf-access-authenticated-',
  'cf-access-jwt-',
  'proxy-',
  'x-accel-',
  'x-amzn-mtls-',
  'x-amzn-oidc-',
  'x-appengine-',
  'x-arr-',
  'x-auth-request-',
  'x-authenticated-',
  'x-authentik-',
  'x-azure-',
  'x-client-cert',
  'x-client-dn',
  'x-client-host',
  'x-client-ip',
  'x-client-port',
  'x-client-verify',
  'x-cluster-client-',
  'x-consumer-',
  'x-credential-',
  'x-envoy-',
  'x-forward',
  'x-goog-authenticated-',
  'x-goog-iap-',
  'x-ms-client-principal',
  'x-ms-token-',
  'x-nf-',
  'x-original-',
  'x-proxy-',
  'x-real-',
  'x-remote-',
  'x-rewrite-',
  'x-ssl-',
  'x-tls-',
  'x-vercel-',
  'x-webauth-',
];

/** A header's name as APIs compare it. CGI and its like read `X_Real_IP` as `X-Real-IP`. */
export function normalizeHeaderName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Whether a header says that a request has another method than its own. */
export function isMethodOverride(name: string): boolean {
  return METHOD_OVERRIDES.has(normalizeHeaderName(name));
}

/** Whether a header tells an API what only its own proxies may tell it. */
export function isSteeringHeader(name: string): boolean {
  const normalized = normalizeHeaderName(name);
  return isMethodOverride(name) || NAMES.has(normalized) || PREFIXES.some((prefix) => normalized.startsWith(prefix));
}
