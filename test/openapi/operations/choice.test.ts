import { describe, expect, test } from '@jest/globals';
import type { McpOpenApiOptions } from 'nestjs-mcp-auth';
import { loadDocument } from '../../../lib/openapi/documents/load-document.js';
import { DocumentOffers } from '../../../lib/openapi/offers/document-offers.js';
import { documentOf, offer } from './offered-tools.js';

const responses = { 200: { description: 'Done' } };

const document = documentOf({
  '/orders': {
    get: { operationId: 'listOrders', tags: ['orders', 'public'], responses },
    post: { operationId: 'createOrder', tags: ['orders'], responses },
  },
  '/orders/{id}': {
    get: { operationId: 'getOrder', tags: ['orders', 'public'], responses },
    delete: { operationId: 'deleteOrder', tags: ['orders'], deprecated: true, responses },
  },
  '/orders/{id}/lines/{line}': { get: { operationId: 'getLine', tags: ['lines'], responses } },
  '/orders-archive': { get: { operationId: 'listArchive', deprecated: true, responses } },
  '/admin/users/{id}/roles': { put: { operationId: 'admin.setRoles', tags: ['admin'], responses } },
  '/hidden': { get: { operationId: 'getHidden', 'x-mcp': false, responses } },
});

const ALL = 'admin_setRoles createOrder deleteOrder getLine getOrder listArchive listOrders';

/** The offered names, without the marks of those that had to be changed. */
async function offered(options: Partial<McpOpenApiOptions>): Promise<string> {
  const all = { downstream: 'orders', document, ...options };
  const offers = new DocumentOffers(await loadDocument(all), all, {
    scopeMap: new Map(),
    fault: (option, message) => {
      throw new Error(`${option} ${message}`);
    },
  });
  return offers
    .describeChosen()
    .offered.map(({ name }) => name.replace(/_[0-9a-f]{6}$/, ''))
    .sort()
    .join(' ');
}

type Choice = Pick<McpOpenApiOptions, 'include' | 'exclude'>;

const CASES: readonly (readonly [Choice, names: string])[] = [
  [{}, ALL],
  [{ include: 'listOrders' }, 'listOrders'],
  [{ include: ['listOrders', 'getLine'] }, 'getLine listOrders'],
  [{ include: 'admin.setRoles' }, 'admin_setRoles'],
  [{ include: 'list*' }, 'listArchive listOrders'],
  [{ include: '*Order*' }, 'createOrder deleteOrder getOrder listOrders'],
  [{ include: 'GET /orders' }, 'listOrders'],
  [{ include: 'get /orders' }, 'listOrders'],
  [{ include: '/orders' }, 'createOrder listOrders'],
  [{ include: '* /orders' }, 'createOrder listOrders'],
  [{ include: 'GET /orders/*' }, 'getOrder'],
  [{ include: 'GET /orders/{id}' }, 'getOrder'],
  [{ include: 'GET /orders/**' }, 'getLine getOrder listOrders'],
  [{ include: 'GET /**' }, 'getLine getOrder listArchive listOrders'],
  [{ include: '/**/roles' }, 'admin_setRoles'],
  [{ include: '/orders*' }, 'createOrder listArchive listOrders'],
  [{ include: { tag: 'public' } }, 'getOrder listOrders'],
  [{ include: { method: 'post' } }, 'createOrder'],
  [{ include: { path: '/orders/**', method: 'GET' } }, 'getLine getOrder listOrders'],
  [{ include: { tag: 'orders', deprecated: false } }, 'createOrder getOrder listOrders'],
  [{ include: { deprecated: true } }, 'deleteOrder listArchive'],
  [{ exclude: { deprecated: true } }, 'admin_setRoles createOrder getLine getOrder listOrders'],
  [{ exclude: [{ method: 'DELETE' }, 'POST /orders', { tag: 'admin' }] }, 'getLine getOrder listArchive listOrders'],
  [{ include: { tag: 'orders' }, exclude: ['getOrder', 'createOrder'] }, 'deleteOrder listOrders'],
];

test.each(CASES)('%j offers %s', async (choice, names) => {
  expect(await offered(choice)).toBe(names);
});

describe('a choice stops the boot', () => {
  const FAULTS: readonly (readonly [object, problem: string])[] = [
    [
      { include: ['listOrders', 'lstOrders'] },
      '`include` of @McpOpenApi on OrdersApi has "lstOrders", which is no operation of the document. Did you mean "listOrders"',
    ],
    [{ include: 'listorder' }, 'Did you mean "listOrders"'],
    [{ exclude: 'POST /order' }, '`exclude` of @McpOpenApi on OrdersApi has "POST /order", which is no operation'],
    [{ exclude: 'POST /order' }, 'Did you mean "POST /orders"'],
    [
      { exclude: { tag: 'Publik' } },
      'has {"tag":"Publik"}, which is no operation of the document. Did you mean "public"?',
    ],
    [{ exclude: { method: 'PATCH' } }, 'has {"method":"PATCH"}, which is no operation of the document.'],
    [{ anonymous: 'getOrders' }, '`anonymous` of @McpOpenApi on OrdersApi has "getOrders", which is no operation'],
    [{ include: 'xyzzy' }, 'has "xyzzy", which is no operation of the document. Check its spelling, or remove it.'],
    [{ include: 'getOrder', exclude: '/orders/**' }, '`include` of @McpOpenApi on OrdersApi leaves no operation'],
    [
      { include: 'getHidden' },
      'leaves no operation: `exclude` takes all of them out, and `x-mcp` of the document hides',
    ],
    [{ include: { path: '/order', method: 'get' } }, 'Did you mean "GET /orders"'],
    [{ include: { path: '/order' } }, 'has {"path":"/order"}, which is no operation of the document. Did you mean "'],
    [{ include: '/createOne' }, 'has "/createOne", which is no operation of the document. Did you mean "createOrder"?'],
    [{ include: '!?' }, 'has "!?", which is no operation of the document. Check its spelling, or remove it.'],
    [{ include: {} }, '`include` is empty. Say which operations'],
    [{ include: 7 }, '`include` has to be an operationId, a method and a path such as "GET /orders/**"'],
  ];

  test.each(FAULTS)('%j: %s', async (choice, problem) => {
    await expect(offer(document, choice)).rejects.toThrow(problem);
  });
});
