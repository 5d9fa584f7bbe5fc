/** The parameters of the first challenge of a response. */
export function challengeOf(response: Response): Record<string, string> & { readonly scheme: string } {
  return parseChallenge(response.headers.get('www-authenticate') ?? '');
}

/** The parameters of the first challenge of a header, read as strictly as RFC 9110 section 11.6.1 has them. */
export function parseChallenge(header: string): Record<string, string> & { readonly scheme: string } {
  const [, scheme = '', rest = ''] = /^([A-Za-z]+) ([\x20-\x7e]*)$/.exec(header) ?? [];
  const parameters: Record<string, string> = {};
  let left = rest;
  for (;;) {
    const match = /^([a-z_]+)="((?:[^"\\]|\\["\\])*)"(?:, |$)/.exec(left);
    if (!match) break;
    const [whole, name = '', value = ''] = match;
    if (name in parameters) throw new Error(`${name} is there twice: ${header}`);
    parameters[name] = value.replace(/\\(.)/g, '$1');
    left = left.slice(whole.length);
  }
  if (scheme === '' || (left !== '' && !/^DPoP algs="[A-Za-z0-9 ]+"$/.test(left)))
    throw new Error(`No challenge: ${header}`);
  return { ...parameters, scheme };
}
