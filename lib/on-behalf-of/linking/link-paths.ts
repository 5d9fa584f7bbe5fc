/** Path of the pages, from the path of the endpoint. */
export function linkPath(path: string): string {
  return `${path}/link`;
}

/** Path that the users' issuer sends browsers back to. */
export function signInCallback(path: string): string {
  return `${linkPath(path)}/callback`;
}

/** Path that the authorization server of an API sends browsers back to; each has its own (RFC 9700 section 4.4.2). */
export function accountCallback(path: string, downstream: string): string {
  return `${signInCallback(path)}/${encodeURIComponent(downstream)}`;
}
