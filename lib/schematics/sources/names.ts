import { posix } from 'node:path';
import { toTypeName } from '../../class-source/identifiers.js';

/** What a thing is called in files, in code and for people. */
export interface Names {
  /** For files: `customer-invoices`. */
  readonly file: string;
  /** For classes: `CustomerInvoices`. */
  readonly type: string;
  /** For people: `customer invoices`. */
  readonly words: string;
  /** The folder before the name, as in `admin/orders`. */
  readonly folder: string;
}

/**
 * Reads a name as `nest g` takes it.
 *
 * @throws Error if it has no letter
 */
export function readNames(name: string): Names {
  const path = name
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z\d/]+/g, '-')
    .replace(/(^|\/)-|-(?=\/|$)/g, '$1');
  const file = posix.basename(path);
  if (!/[a-z]/.test(file)) throw new Error(`"${name}" is no name. Write one with letters, such as "orders"`);
  return { file, type: toTypeName(file), words: file.replaceAll('-', ' '), folder: posix.dirname(path) };
}
