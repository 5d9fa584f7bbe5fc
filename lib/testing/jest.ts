/**
 * Adds the matchers to `expect` of `@jest/globals`, with their types. Exports nothing.
 *
 * @packageDocumentation
 */
import { expect } from '@jest/globals';
import { matchers, type CallMatchers, type RecordMatchers } from './matchers.js';

expect.extend(matchers);

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends CallMatchers<R, T>, RecordMatchers<R> {}
}
