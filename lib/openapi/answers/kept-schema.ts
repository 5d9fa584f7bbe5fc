import { DownstreamError } from '../../errors/downstream-error.js';
import type { JsonObject } from '../../json/json-object.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { cleanText } from '../../log/clean-text.js';
import type { AnsweredOperation } from './answered-operation.js';

const logger = new CleanLogger('McpOpenApi');

/** Characters of what is said of a mismatch. */
const MAX_LENGTH = 200;

/** Names in a path that are no data: of properties, and places in a list. A map may have anything for a key. */
const NAME = /^(?:[A-Za-z_$@][A-Za-z_$@-]{0,40}|\d+)$/;

/**
 * Looks whether an answer is what the document says. If it is not, the log says where, without any value.
 *
 * @param value - as it will be sent, before anything is left out
 * @param name - of the downstream
 * @throws {@link DownstreamError} with `downstream_body` if the option asks for it
 */
export async function checkSchema(value: JsonObject, called: AnsweredOperation, name: string): Promise<void> {
  const { output, settings } = called;
  if (!output) return;
  const { issues } = await output.declared['~standard'].validate(value);
  if (!issues) return;
  const message = `${called.name}: the answer of ${name} does not fit its document: ${describe(issues)}`;
  if (settings.schema !== 'enforced') {
    logger.warn(message);
    return;
  }
  throw new DownstreamError('downstream_body', message, {
    downstream: name,
    advice: `The ${name} API answered with something else than its document says. Tell its operator.`,
  });
}

/** The first place, and what is wrong there. */
function describe(issues: readonly { readonly message: string }[]): string {
  const [first = ''] = issues.flatMap(({ message }) => message.split(/, (?=data\b)/));
  const [path = '', ...said] = first.split(' ');
  const place = path.split('/').map((one) => (NAME.test(one) ? one : '*'));
  return cleanText([place.join('/'), ...said].join(' '), MAX_LENGTH);
}
