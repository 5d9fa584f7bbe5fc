import { AsyncLocalStorage } from 'node:async_hooks';
import { isDeepStrictEqual } from 'node:util';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';

/** A message on its way from the guard to the handler of the application. */
export interface HandledMessage {
  /** A copy of the message that was authorized. */
  readonly authorized: unknown;
  /** Creates the answer to a message that is another one by now. */
  readonly refuse: () => Error;
}

/** The message of the current request. One for all controllers: Node never lets go of a storage that was used. */
const handling = new AsyncLocalStorage<HandledMessage>();

/**
 * Hands a message to the handler of the application.
 *
 * @param body - the message as it is now. Interceptors may have changed it
 * @throws what `refuse` creates, if the message is not the one that was authorized
 */
export async function handleMessage(
  message: HandledMessage,
  body: unknown,
  handle: () => Promise<unknown>,
): Promise<void> {
  if (!isDeepStrictEqual(body, message.authorized)) throw message.refuse();
  await handling.run(message, handle);
}

/** Sees to it that pipes of the application do not make another message of the one that was authorized. */
export class AuthorizedMessagePipe implements PipeTransform {
  /** Called by Nest for each parameter of the handler, after global pipes and those of the controller. */
  transform(value: unknown, { type, data }: ArgumentMetadata): unknown {
    const message = handling.getStore();
    if (type !== 'body' || !message) return value;
    const { authorized } = message;
    const meant = data === undefined ? authorized : (authorized as Record<string, unknown> | undefined)?.[data];
    if (!isDeepStrictEqual(value, meant)) throw message.refuse();
    return value;
  }
}
