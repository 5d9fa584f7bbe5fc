/**
 * Writes a `Host` as a URL does: in lower case, without a port that is empty or the default of a scheme (RFC 9110
 * section 4.2.3), and without the dot that ends a complete name (RFC 1034 section 3.1).
 */
export function normalizeHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/:(?:80|443)?$/, '')
    .replace(/(?<=[^.])\.(?=$|:\d+$)/, '');
}
