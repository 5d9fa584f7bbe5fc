/** What `@jest/globals` is in the file of tests that runs. Modules that are loaded once use it for many files. */
let globals;

/** Says what the file that runs next gets. */
export function setGlobals(current) {
  globals = current;
}

export const afterAll = current('afterAll');
export const afterEach = current('afterEach');
export const beforeAll = current('beforeAll');
export const beforeEach = current('beforeEach');
export const describe = current('describe');
export const expect = current('expect');
export const it = current('it');
export const jest = current('jest');
export const test = current('test');

function current(name) {
  return new Proxy(() => undefined, {
    get: (_target, property) => Reflect.get(globals[name], property),
    apply: (_target, _self, parameters) => globals[name](...parameters),
  });
}
