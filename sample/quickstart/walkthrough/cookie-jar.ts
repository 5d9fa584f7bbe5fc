interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
}

/** The cookies of one browser, as far as loopback needs them: host and path decide where a cookie goes (RFC 6265). */
export class CookieJar {
  private readonly cookies = new Map<string, Cookie>();

  store(url: URL, response: Response): void {
    for (const header of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = header.split(';').map((part) => part.trim());
      const [name, value] = splitAt(pair);
      const attribute = new Map(attributes.map(splitAt).map(([key, content]) => [key.toLowerCase(), content]));
      const cookie = { name, value, host: url.hostname, path: attribute.get('path') ?? '/' };
      const key = [cookie.host, cookie.path, name].join(' ');
      if (Date.parse(attribute.get('expires') ?? '') <= Date.now()) {
        this.cookies.delete(key);
      } else {
        this.cookies.set(key, cookie);
      }
    }
  }

  headerFor(url: URL): string {
    return [...this.cookies.values()]
      .filter(({ host, path }) => host === url.hostname && url.pathname.startsWith(path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }
}

function splitAt(text: string): [string, string] {
  const [name = '', ...rest] = text.split('=');
  return [name, rest.join('=')];
}
