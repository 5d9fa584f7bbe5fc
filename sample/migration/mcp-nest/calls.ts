import {
  call,
  follow,
  introduce,
  listNames,
  listSecuritySchemes,
  listTools,
  prompt,
  read,
  type Call,
} from '../answer.js';

const ALL = ['orders:read', 'orders:ship', 'reports:read'];

/** What a client may ask of the server, before and after. */
export const CALLS = {
  'who the server is': { ask: introduce, as: { scopes: ALL } },
  'a value with a schema': { ask: call('find_order', { id: '7' }), as: { scopes: ALL } },
  'an error of the tool': { ask: call('find_order', { id: '8' }), as: { scopes: ALL } },
  'a tool with one of two scopes': { ask: call('ship_order', { id: '7' }), as: { scopes: ALL } },
  'a question to the user': { ask: follow('cancel_order', { id: '7' }), as: { scopes: ALL } },
  'a tool that knows the caller': { ask: call('whoami'), as: { sub: 'bob' } },
  'a tool for everyone, with a token': { ask: call('opening_hours'), as: {} },
  'a tool that was registered': { ask: call('report_2026', { month: 3 }), as: { scopes: ALL } },
  'a resource': { ask: read('config://shop/currency'), as: { scopes: ALL } },
  'a resource of a template': { ask: read('orders://7'), as: { scopes: ALL } },
  'a prompt': { ask: prompt('summarize', { id: '7' }), as: { scopes: ALL } },
  'the list, for an admin': { ask: listTools, as: { scopes: ALL, roles: ['admin'] } },
  'the list of a caller without scopes': { ask: listNames, as: {} },
  'a call without its scope': { ask: call('find_order', { id: '7' }), as: {} },
  'a call without one of two scopes': { ask: call('ship_order', { id: '7' }), as: {} },
  'a call without its role': { ask: call('count_orders'), as: {} },
  'an object without a schema': { ask: call('count_orders'), as: { roles: ['admin'] } },
  'a tool for everyone, without a token': { ask: call('opening_hours') },
  'a tool that needs a token, without one': { ask: call('whoami') },
  'a resource, without a token': { ask: read('config://shop/currency') },
  'a resource of a template, without its scope': { ask: read('orders://7'), as: {} },
  'a prompt without its argument': { ask: prompt('summarize', {}), as: { scopes: ALL } },
  'a URI with the scheme of another resource': { ask: read('config://7'), as: { scopes: ALL } },
  'what the list says of scopes': { ask: listSecuritySchemes, as: { scopes: ['reports:read'] } },
  'a tool that is not there': { ask: call('purge_orders'), as: { scopes: ALL } },
  'arguments that do not fit': { ask: call('find_order', { id: 7 }), as: { scopes: ALL } },
  'a token for another server': { ask: call('whoami'), as: { audience: 'https://other.example' } },
} satisfies Record<string, Call>;
