// oidc-provider warns about Node.js below 22 when it is imported. It runs on 20, and the tests of this sample prove it.
const warn = console.warn;
console.warn = () => undefined;
export const { Provider, errors } = await import('oidc-provider');
console.warn = warn;
