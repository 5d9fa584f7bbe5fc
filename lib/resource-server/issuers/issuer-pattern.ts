/** Stands for one label of the host, or one segment of the path. */
const ANY = '*';

/** Longest `iss` that is compared, in characters. */
const MAX_LENGTH = 512;

const PARTS = /^(https?:\/\/)([^/?#@]+)((?:\/[^/?#]*)*)$/;

/** A label of a host name, and a segment of a path that no reader takes for another: no dots in front, no encoding. */
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const SEGMENT = '[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,127}';

/**
 * Finds what is wrong with a pattern for issuers. Its host has to end in a fixed name, so that nobody can register a host
 * that matches.
 */
export function findPatternProblem(pattern: string): string | undefined {
  const [, , host = '', path = ''] = PARTS.exec(pattern) ?? [];
  if (host === '') return 'is not a URL without a query. Write one, such as "https://id.acme.example/realms/*"';
  if (!pattern.includes(ANY))
    return `has no "${ANY}" in it, which stands for the tenant. Put it where the tenant stands`;
  const labels = host.split('.');
  if ([...labels, ...path.split('/')].some((part) => part.includes(ANY) && part !== ANY))
    return `has a "${ANY}" beside other characters. It stands for a whole label of the host, or a whole segment of the path`;
  if (labels.slice(-2).includes(ANY))
    return `has a "${ANY}" where the host has to be fixed: in its last two labels. Anybody could have such a host`;
  return undefined;
}

/** Makes a test for the pattern: whether an `iss` is within it, as a whole. */
export function createPatternTest(pattern: string): (iss: string) => boolean {
  const [, scheme = '', host = '', path = ''] = PARTS.exec(pattern) ?? [];
  const labels = host.split('.').map((label) => (label === ANY ? LABEL : escape(label)));
  const segments = path.split('/').map((segment) => (segment === ANY ? SEGMENT : escape(segment)));
  const whole = new RegExp(`^${escape(scheme)}${labels.join('\\.')}${segments.join('/')}$`);
  return (iss) => iss.length <= MAX_LENGTH && whole.test(iss);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
