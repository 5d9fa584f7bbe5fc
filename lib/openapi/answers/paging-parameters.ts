import type { Binding } from '../inputs/operation-input.js';

/** What a parameter does to a list. */
export type PagingRole = 'size' | 'offset' | 'page' | 'last' | 'cursor';

/** Names of parameters without signs and in small letters, by what they do. */
const NAMES: Readonly<Record<PagingRole, readonly string[]>> = {
  size: [
    ...['limit', 'perpage', 'pagesize', 'size', 'top', 'count', 'maxresults', 'max', 'maxitems', 'first', 'take'],
    ...['rows', 'pagelimit', 'itemsperpage', 'resultsperpage', 'pagelength', 'batchsize', 'numresults', 'num'],
  ],
  offset: ['offset', 'skip', 'start', 'startindex', 'startat', 'pageoffset', 'firstresult', 'from', 'begin'],
  page: ['page', 'pagenumber', 'pageno', 'pagenum', 'pageindex', 'currentpage', 'p'],
  // The identifier of the last item that was seen.
  last: ['startingafter', 'afterid', 'sinceid'],
  cursor: [
    ...['cursor', 'after', 'pagetoken', 'nexttoken', 'nextpagetoken', 'continuationtoken', 'continuation', 'continue'],
    ...['marker', 'nextcursor', 'startcursor', 'skiptoken', 'pagecursor', 'pageafter', 'bookmark', 'scrollid'],
    ...['startkey', 'exclusivestartkey', 'nextpage', 'next', 'position', 'token'],
  ],
};

/** A parameter that pages, as the model knows it. */
export interface PagingParameter {
  /** Name of the argument. */
  readonly key: string;
  readonly role: PagingRole;
}

/** Finds the arguments that page. */
export function listPagingParameters(bindings: readonly Binding[]): readonly PagingParameter[] {
  return bindings.flatMap((binding) => {
    const name = readName(binding);
    const role = name === undefined ? undefined : findRole(name);
    return role ? [{ key: binding.key, role }] : [];
  });
}

function readName(binding: Binding): string | undefined {
  if (binding.to === 'body') return undefined;
  if (binding.to === 'property') return binding.property;
  return binding.parameter.in === 'query' ? binding.parameter.name : undefined;
}

function findRole(name: string): PagingRole | undefined {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return (Object.keys(NAMES) as PagingRole[]).find((role) => NAMES[role].includes(plain));
}
