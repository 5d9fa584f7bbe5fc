import type { ExaminedFile } from './examine-value.js';

/** Where a part is. */
export interface PartPlace {
  readonly file: string;
  readonly pointer: string;
}

/** Parts of files that have an own URI or an anchor, and the base URIs that follow from that. */
export class NamedParts {
  readonly #parts = new Map<string, PartPlace>();
  readonly #anchors = new Map<string, PartPlace>();
  /** The URIs of each file, from outside to inside. */
  readonly #scopes = new Map<string, { readonly pointer: string; readonly uri: string }[]>();

  add(file: string, { parts, anchors }: Pick<ExaminedFile, 'parts' | 'anchors'>): void {
    for (const { pointer, id } of parts) {
      const base = this.findBase({ file, pointer });
      if (!URL.canParse(id, URL.canParse(base) ? base : undefined)) continue;
      const uri = new URL(id, URL.canParse(base) ? base : undefined).href.replace(/#.*$/s, '');
      this.#parts.set(uri, { file, pointer });
      this.#scopes.set(file, [...(this.#scopes.get(file) ?? []), { pointer, uri }]);
    }
    for (const { pointer, name } of anchors) {
      for (const base of new Set([file, this.findBase({ file, pointer })]))
        if (!this.#anchors.has(`${base}#${name}`)) this.#anchors.set(`${base}#${name}`, { file, pointer });
    }
  }

  /** The URI that references at a place are relative to (RFC 3986 section 5.1). */
  findBase({ file, pointer }: PartPlace): string {
    const scopes = this.#scopes.get(file) ?? [];
    return scopes.findLast((one) => pointer === one.pointer || pointer.startsWith(`${one.pointer}/`))?.uri ?? file;
  }

  /** The part with this URI. */
  findPart(uri: string): PartPlace | undefined {
    return this.#parts.get(uri);
  }

  findAnchor(uri: string, name: string): PartPlace | undefined {
    return this.#anchors.get(`${uri}#${name}`);
  }
}
