import { call, complete, follow, introduce, listResources, listTools, prompt, read, type Call } from '../answer.js';

const ALL = ['orders:read', 'orders:write'];

/** What a client may ask of the server, before and after. */
export const CALLS = {
  'who the server is': { ask: introduce, as: { scopes: ALL } },
  'the list of the tools': { ask: listTools, as: { scopes: ALL } },
  'a value with a schema': { ask: call('find_order', { id: '7' }), as: { scopes: ALL } },
  'progress and a log on the way': { ask: follow('ship_order', { id: '7' }), as: { scopes: ALL } },
  'a question to the user': { ask: follow('cancel_order', { id: '7' }), as: { scopes: ALL } },
  'a tool that knows the caller': { ask: call('whoami'), as: { sub: 'bob', scopes: ALL } },
  'a tool that calls the API': { ask: call('track_order', { id: '7' }), as: { scopes: ALL } },
  'an error for the model': { ask: call('find_order', { id: '8' }), as: { scopes: ALL } },
  'an error that nobody expected': { ask: call('bill_order', { id: '7' }), as: { scopes: ALL } },
  'a resource': { ask: read('config://shop/currency'), as: { scopes: ALL } },
  'a resource of a template': { ask: read('orders://7'), as: { scopes: ALL } },
  'the list of the resources': { ask: listResources, as: { scopes: ALL } },
  'a prompt': { ask: prompt('summarize', { id: '7' }), as: { scopes: ALL } },
  'a completion of a prompt': {
    ask: complete({ type: 'ref/prompt', name: 'summarize' }, 'id', ''),
    as: { scopes: ALL },
  },
  'a completion of a template': {
    ask: complete({ type: 'ref/resource', uri: 'orders://{id}' }, 'id', '7'),
    as: { scopes: ALL },
  },
  'no token': { ask: call('find_order', { id: '7' }) },
  'a token for another server': {
    ask: call('find_order', { id: '7' }),
    as: { scopes: ALL, audience: 'https://other.example' },
  },
  'a token with the scope of the tool alone': { ask: call('find_order', { id: '7' }), as: { scopes: ['orders:read'] } },
  'a token without the scope of the tool': { ask: call('bill_order', { id: '7' }), as: { scopes: ['orders:read'] } },
  'a token without scopes': { ask: call('whoami'), as: {} },
  'a tool that is not there': { ask: call('purge_orders'), as: { scopes: ALL } },
  'arguments that do not fit': { ask: call('find_order', { id: 7 }), as: { scopes: ALL } },
} satisfies Record<string, Call>;
