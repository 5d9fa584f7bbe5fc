import type { RawValues } from '../resource-uris/uri-pattern.js';
import type { Found } from './found.js';

/** Reserved characters that clients send as they are where a template takes them so (RFC 6570 section 3.2.3). */
const RESERVED = /%(?:2[13-9A-CF]|3[ABDF]|40)/;

/**
 * Decodes the values of a template's variables (RFC 6570 section 1.2).
 *
 * @returns `undefined` if a value is not spelled as the template spells it
 */
export function decodeValues(values: RawValues): Found['variables'] | undefined {
  const decoded: Record<string, string | string[]> = {};
  for (const [{ name, isReserved, separator }, value] of values) {
    if (isReserved && RESERVED.test(value)) return undefined;
    const members = separator === undefined ? [value] : value.split(separator);
    if (members.includes('')) return undefined;
    try {
      const [first = '', ...others] = members.map(decodeURIComponent);
      decoded[name] = others.length === 0 ? first : [first, ...others];
    } catch {
      return undefined;
    }
  }
  return decoded;
}
