/**
 * Makes a method one that can be taken out of its object: `const { log } = context`. It is bound when it is first read.
 * An object whose method nobody reads has no cost.
 */
export function BoundMethod<Method extends (...args: never[]) => unknown>(
  _prototype: object,
  name: string,
  { value }: TypedPropertyDescriptor<Method>,
): TypedPropertyDescriptor<Method> {
  const define = (target: object, method: unknown) => {
    Object.defineProperty(target, name, { value: method, writable: true, configurable: true });
  };
  return {
    configurable: true,
    get(this: object) {
      const bound = value?.bind(this as never) as Method;
      define(this, bound);
      return bound;
    },
    set(this: object, method) {
      define(this, method);
    },
  };
}
