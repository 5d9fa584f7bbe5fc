/** Path of the pages, derived from the path of the endpoint. */
export function buildLinkPath(path: string): string {
  return `${path}/link`;
}

/** Path that the users' issuer sends browsers back to. */
export function buildSignInCallback(path: string): string {
  return `${buildLinkPath(path)}/callback`;
}

/** Path that an API's authorization server sends browsers back to. Each API has its own (RFC 9700 section 4.4.2). */
export function buildAccountCallback(path: string, downstream: string): string {
  return `${buildSignInCallback(path)}/${encodeURIComponent(downstream)}`;
}
