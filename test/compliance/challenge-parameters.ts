/** The parameters of the first challenge of a response, read as strictly as RFC 9110 section 11.6.1 has them. */
export function challengeOf(response: Response): Record<string, string> & { readonly scheme: string } {
  const header = response.headers.get('www-authenticate') ?? '';
  const [, scheme = '', rest = ''] = /^([A-Za-z]+) (.*)$/.exec(header) ?? [];
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
  if (scheme === '' || (left !== '' && !/^[A-Za-z]+ [a-z_]+="/.test(left))) throw new Error(`No challenge: ${header}`);
  return { ...parameters, scheme };
}
