/** A challenge of a `WWW-Authenticate` header (RFC 9110 section 11.6.1). */
export interface TestChallenge {
  /** The scheme as it was written, for example `Bearer`. */
  readonly scheme: string;
  /** The parameters by lower-case name. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/.source;
const PARAMETER = new RegExp(`^[\\s,]*(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))\\s*(?=,|$)`);
const SCHEME = new RegExp(`^[\\s,]*(${TOKEN})(?=\\s|,|$)`);

/** Parses the challenges of a header. Stops at the first part that it cannot parse. */
export function parseChallenges(header: string): TestChallenge[] {
  const challenges: TestChallenge[] = [];
  let rest = header;
  for (let scheme = SCHEME.exec(rest); scheme; scheme = SCHEME.exec(rest)) {
    rest = rest.slice(scheme[0].length);
    const parameters: Record<string, string> = {};
    for (let parameter = PARAMETER.exec(rest); parameter; parameter = PARAMETER.exec(rest)) {
      rest = rest.slice(parameter[0].length);
      const [, name = '', quoted, token = ''] = parameter;
      parameters[name.toLowerCase()] = quoted === undefined ? token : quoted.replace(/\\(.)/g, '$1');
    }
    challenges.push({ scheme: scheme[1] ?? '', parameters });
  }
  return challenges;
}
