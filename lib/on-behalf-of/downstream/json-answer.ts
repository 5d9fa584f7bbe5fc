import { isTextTooDeep, MAX_DEPTH } from '../../json/json-depth.js';
import { classifyAnswer } from '../failures/failure-table.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import { readRetryAfter, type DownstreamAnswer } from './downstream-answer.js';
import { DownstreamError } from '../../errors/downstream-error.js';
import { waitFor } from '../../time/time-limit.js';
import { createTemporaryFailure } from '../failures/temporary-failure.js';

/**
 * Classifies a status other than 2xx by who can act on it. The body is still there.
 *
 * @returns `undefined` for 2xx
 */
export function findFailure(target: ResolvedDownstream, answer: DownstreamAnswer): DownstreamError | undefined {
  const { status, challenges, grantedScopes, sent } = answer;
  if (status >= 200 && status < 300) return undefined;
  return classifyAnswer(target, { status, challenges, retryAfterMs: readRetryAfter(answer), grantedScopes, sent });
}

/**
 * Reads a body as JSON, up to the allowed size.
 *
 * @returns `undefined` without a body
 * @throws {@link DownstreamError} if the body is not JSON, too deep or too large, or does not arrive
 */
export async function readJson(target: ResolvedDownstream, answer: DownstreamAnswer): Promise<unknown> {
  const text = await readText(target, answer);
  if (text.trim() === '') return undefined;
  const { name } = target;
  if (isTextTooDeep(Buffer.from(text)))
    throw new DownstreamError('downstream_body', `${name} answered with more than ${MAX_DEPTH} levels of JSON`, {
      downstream: name,
    });
  try {
    return JSON.parse(text);
  } catch {
    // The cause is left out, because it would quote the body.
    throw new DownstreamError('downstream_body', `${name} answered with a body that is not JSON`, { downstream: name });
  }
}

async function readText(target: ResolvedDownstream, answer: DownstreamAnswer): Promise<string> {
  const bytes = await readBytes(target, answer);
  // The body may start with a byte order mark (RFC 8259 section 8.1).
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/**
 * Reads a body.
 *
 * @param maxSize - in bytes
 * @throws {@link DownstreamError} if the body is too large, or does not arrive in time
 */
export async function readBytes(
  target: ResolvedDownstream,
  answer: DownstreamAnswer,
  maxSize = target.http.maxJsonSize,
): Promise<Buffer> {
  const { name, http } = target;
  return await waitFor(readToEnd(target, answer, maxSize), http.deadlineMs, () => {
    answer.body.destroy();
    return createTemporaryFailure('downstream_timeout', `${name} did not finish its answer in time`, target);
  });
}

async function readToEnd(
  target: ResolvedDownstream,
  { body, release }: DownstreamAnswer,
  maxSize: number,
): Promise<Buffer> {
  const { name } = target;
  return await new Promise<Buffer>((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const end = (error: Error) => {
      reject(error);
      body.destroy();
    };
    body.on('data', (chunk: Uint8Array) => {
      size += chunk.byteLength;
      if (size > maxSize) end(createTooLargeError(name, maxSize));
      else chunks.push(chunk);
    });
    body.on('end', () => {
      release();
      resolve(Buffer.concat(chunks));
    });
    const breakOff = (cause: Error) => {
      const isOurs = cause instanceof DownstreamError || cause.name === 'AbortError';
      end(
        isOurs
          ? cause
          : createTemporaryFailure('downstream_unreachable', `${name} broke off its answer`, target, { cause }),
      );
    };
    body.on('error', breakOff);
    // The body may have failed before the listener was added.
    if (body.errored) breakOff(body.errored);
  });
}

function createTooLargeError(name: string, size: number): DownstreamError {
  return new DownstreamError('downstream_body_too_large', `${name} answered with more than ${size} bytes`, {
    downstream: name,
    advice: `The ${name} API answers with more than this tool can take. Ask for less at a time.`,
  });
}
