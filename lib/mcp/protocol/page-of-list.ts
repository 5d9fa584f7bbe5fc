import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';

/** A part of a list, and the cursor of the next part. */
export interface PageOfList<Item> {
  readonly items: Item[];
  readonly nextCursor?: string;
}

/**
 * Cuts a page out of a list (MCP specification, Pagination). A cursor names the last item of a page. So the list may
 * change between two pages, and the server does not have to keep it.
 *
 * @param items - sorted by name
 * @throws ProtocolError for a cursor that this server did not make
 */
export function takePage<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  cursor: string | undefined,
  size: number,
): PageOfList<Item> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const first = after === undefined ? 0 : items.findIndex((item) => nameOf(item) > after);
  const start = first === -1 ? items.length : first;
  const page = items.slice(start, start + size);
  const last = page.at(-1);
  const isLast = last === undefined || start + size >= items.length;
  return { items: page, ...(!isLast && { nextCursor: encodeCursor(nameOf(last)) }) };
}

const PREFIX = 'after:';

function encodeCursor(name: string): string {
  return Buffer.from(`${PREFIX}${name}`).toString('base64url');
}

function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (text.startsWith(PREFIX) && encodeCursor(text.slice(PREFIX.length)) === cursor) return text.slice(PREFIX.length);
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Invalid cursor. Begin again without one');
}
