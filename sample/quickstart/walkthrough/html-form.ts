export interface Form {
  readonly action: string;
  readonly method: 'get' | 'post';
  readonly hidden: Readonly<Record<string, string>>;
  /** The names of the fields that a user fills in. */
  readonly fields: readonly string[];
  /** The submit buttons that carry a name and a value. */
  readonly buttons: readonly { readonly name: string; readonly value: string }[];
}

export function parseForms(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, attributes = '', content = '']) => {
    const form = parseAttributes(attributes);
    const inputs = tags(content, 'input');
    const hidden = inputs.filter((input) => input.get('type') === 'hidden');
    return {
      action: form.get('action') ?? '',
      method: form.get('method')?.toLowerCase() === 'post' ? 'post' : 'get',
      hidden: Object.fromEntries(hidden.map((input) => [input.get('name') ?? '', input.get('value') ?? ''])),
      fields: inputs.filter((input) => !hidden.includes(input)).map((input) => input.get('name') ?? ''),
      buttons: tags(content, 'button').flatMap((button) => {
        const name = button.get('name');
        return name === undefined ? [] : [{ name, value: button.get('value') ?? '' }];
      }),
    };
  });
}

/** What the page tells the user in its element of the role `alert`. */
export function alertText(html: string): string | undefined {
  const content = /role="alert"[^>]*>(.*?)</is.exec(html)?.[1];
  return content === undefined ? undefined : unescape(content);
}

function tags(html: string, name: string): Map<string, string>[] {
  return [...html.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'gi'))].map(([, attributes = '']) =>
    parseAttributes(attributes),
  );
}

function parseAttributes(text: string): Map<string, string> {
  const attributes = [...text.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  return new Map(attributes.map(([, name = '', quoted, single]) => [name, unescape(quoted ?? single ?? '')]));
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

function unescape(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (entity, decimal?: string, hex?: string, name?: string) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
    return entities[name ?? ''] ?? entity;
  });
}
