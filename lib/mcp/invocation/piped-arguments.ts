import { isJsonObject } from '../../json/json-object.js';

/** Asked with each reading that the method has of its arguments. Throws to keep the method from running. */
export type CheckArguments = (readings: readonly unknown[]) => Promise<void>;

/**
 * What the pipes of one call make of the arguments. The method runs only after its arguments are checked as it gets
 * them: guards, interceptors and pipes of the application may have changed what was authorized.
 */
export class PipedArguments {
  readonly #parameters: { readonly name: string | undefined; readonly value: unknown }[] = [];
  readonly #checked: Promise<void>;
  #check: (readings: readonly unknown[]) => void = () => undefined;

  /** @param count - number of parameters that get arguments */
  constructor(
    private readonly count: number,
    check: CheckArguments,
  ) {
    this.#checked = new Promise<readonly unknown[]>((resolve) => (this.#check = resolve)).then(check);
    // Each parameter waits for it. If a pipe throws, none does.
    this.#checked.catch(() => undefined);
  }

  /**
   * Checks the arguments of a method that has no parameter for them. It may read them in the context.
   *
   * @throws what the check throws
   */
  async checkUntaken(readings: readonly unknown[]): Promise<void> {
    if (this.count > 0) return;
    this.#check(readings);
    await this.#checked;
  }

  /**
   * Takes the value of one parameter, and waits until all of them are checked.
   *
   * @param name - of the argument; `undefined` for all arguments
   * @param input - the arguments before the pipes
   * @throws what the check throws
   */
  async settle(name: string | undefined, input: unknown, value: unknown): Promise<unknown> {
    this.#parameters.push({ name, value });
    if (this.#parameters.length === this.count) this.#check(this.#listReadings(input));
    await this.#checked;
    return value;
  }

  /** The arguments as they are before the pipes, as parameters without a name get them, and as named ones make them. */
  #listReadings(input: unknown): readonly unknown[] {
    const wholes = this.#parameters.filter(({ name }) => name === undefined).map(({ value }) => value);
    const named = this.#parameters.flatMap(({ name, value }) => (name === undefined ? [] : [[name, value] as const]));
    const readings = [input, ...wholes];
    if (named.length === 0) return readings;
    return [...readings, ...readings.map((reading) => replaceArguments(reading, named))];
  }
}

function replaceArguments(input: unknown, named: readonly (readonly [string, unknown])[]): unknown {
  const replaced: object = isJsonObject(input)
    ? (Object.create(Object.getPrototypeOf(input) as object | null, Object.getOwnPropertyDescriptors(input)) as object)
    : {};
  for (const [name, value] of named) {
    if (value === undefined && !Object.hasOwn(replaced, name)) continue;
    Object.defineProperty(replaced, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return replaced;
}
