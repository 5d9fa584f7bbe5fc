import { hasDotSegment } from '../../on-behalf-of/downstream/dot-segments.js';
import { RequestProblem } from './request-problem.js';

const PLACEHOLDER = /\{([^{}]+)\}/g;

/**
 * Fills in the placeholders of a path. A value stays in its segment, in every reading that common servers have of it
 * (RFC 3986 section 5.2.4).
 *
 * @param path - as the document has it
 * @param values - encoded
 * @throws {@link RequestProblem} if a value is missing, or would lead to another path
 */
export function fillPath(path: string, values: ReadonlyMap<string, string>): string {
  return path
    .split('/')
    .map((segment) => {
      const names: string[] = [];
      const filled = segment
        .split(PLACEHOLDER)
        .map((part, index) => {
          if (index % 2 === 0) return encodeLiteral(part);
          const value = values.get(part) ?? '';
          if (value === '') throw new RequestProblem(`${part}: has to have a value, because it is a part of the path`);
          names.push(part);
          return value;
        })
        .join('');
      if (names.length > 0 && hasDotSegment(filled))
        throw new RequestProblem(
          `${names.join(', ')}: "." and ".." lead to another path, however they are encoded. Give the value itself`,
        );
      return filled;
    })
    .join('/');
}

/** What the URL parser would change or read as a slash. */
function encodeLiteral(text: string): string {
  return text.replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, (one) => encodeURIComponent(one));
}
