import { z } from 'zod';

/** What the tools take: a text, which they echo, or the number of characters to answer with. */
export const echoInput = z.object({ text: z.string(), length: z.number().optional() });

export type EchoArguments = z.infer<typeof echoInput>;

export function echo({ text, length }: EchoArguments): string {
  return length === undefined ? text : 'x'.repeat(length);
}

/** Names of so many tools. Each server has the first one, `echo`. */
export function listToolNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? 'echo' : `echo_${index}`));
}

/**
 * A class with a method for each tool.
 *
 * @param decorate - returns the decorators of a method
 */
export function createToolClass(
  count: number,
  decorate: (name: string) => readonly MethodDecorator[],
  call: (args: EchoArguments) => unknown = echo,
): new () => object {
  class EchoTools {
    readonly count = count;
  }
  const target = EchoTools.prototype;
  for (const name of listToolNames(count)) {
    Object.defineProperty(target, name, { value: (args: EchoArguments) => call(args), configurable: true });
    const descriptor = Object.getOwnPropertyDescriptor(target, name) as PropertyDescriptor;
    for (const decorator of decorate(name)) decorator(target, name, descriptor);
  }
  return EchoTools;
}
