import { compareServers, serveModule } from '../compare-servers.js';
import { OrdersModule } from './after/orders.module.js';
import { createOrdersApp } from './before/sdk-1/orders-app.js';
import { createOrdersModule } from './before/sdk-2/orders.module.js';
import { CALLS } from './calls.js';

await compareServers(CALLS, {
  'before, on 1.x': (options) => ({ handle: createOrdersApp(options), close: () => Promise.resolve() }),
  'before, on 2.x': (options) => serveModule(createOrdersModule(options)),
  after: (options) => serveModule(OrdersModule.forRoot(options)),
});
