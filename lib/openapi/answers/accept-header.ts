import { readMediaKind } from '../inputs/media-choice.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import type { ApiOperation } from '../operations/api-operation.js';
import { listMediaTypes, listSuccesses } from './declared-responses.js';

/** Media types that are named. */
const MAX_TYPES = 5;

/**
 * Says in which forms an answer is wanted (RFC 9110 section 12.5.1): as JSON where the document has it, else as the
 * document has it. Anything else is better than nothing.
 */
export function createAccept(document: OpenApiDocument, operation: ApiOperation): string {
  const types = listSuccesses(document, operation)
    .flatMap(listMediaTypes)
    .filter((type) => /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type));
  const json = types.filter((type) => readMediaKind(type) === 'json');
  const wanted = json.length > 0 ? json : types.length > 0 ? types : ['application/json'];
  const named = [...new Set(wanted)].slice(0, MAX_TYPES);
  return [...named, 'application/problem+json;q=0.9', '*/*;q=0.5'].join(', ');
}
