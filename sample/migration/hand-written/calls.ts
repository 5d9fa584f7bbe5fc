import { call, introduce, listTools, ping, type Call } from '../answer.js';

const ALL = ['orders:read', 'orders:write'];

/** What a client may ask of the server, before and after. */
export const CALLS = {
  'who the server is': { ask: introduce, as: { scopes: ALL } },
  'the list of the tools': { ask: listTools, as: { scopes: ALL } },
  'a tool that knows the caller': { ask: call('whoami'), as: { sub: 'bob' } },
  'a tool with a role': { ask: call('ship_order', { id: '7' }), as: { scopes: ALL, roles: ['shipper'] } },
  'a tool that calls the API': { ask: call('find_order', { id: '7' }), as: { scopes: ALL } },
  'an order that the API does not have': { ask: call('find_order', { id: '8' }), as: { scopes: ALL } },
  'a job without a user': {
    ask: call('find_order', { id: '7' }),
    as: { scopes: ALL, sub: 'nightly-job', client_id: 'nightly-job' },
  },
  'a method that nobody has thought of': { ask: ping, as: {} },
  'no token': { ask: call('find_order', { id: '7' }) },
  'a token that has expired': { ask: call('whoami'), as: { expiresInMs: -3_600_000 } },
  'a token of a blocked user': { ask: call('whoami'), as: { blocked: true } },
  'a token for another server': { ask: call('whoami'), as: { audience: 'https://other.example' } },
  'a call without its scope': { ask: call('find_order', { id: '7' }), as: {} },
  'a call without its role': { ask: call('ship_order', { id: '7' }), as: { scopes: ALL } },
  'a tool that is not there': { ask: call('purge_orders'), as: { scopes: ALL } },
  'arguments that do not fit': { ask: call('find_order', { id: 7 }), as: { scopes: ALL } },
} satisfies Record<string, Call>;
