import { compareServers, serveModule } from '../compare-servers.js';
import { OrdersModule } from './after/orders.module.js';
import { createOrdersServer as createBefore } from './before/orders.module.js';
import { CALLS } from './calls.js';
import { createOrdersServer as createProtected } from './protected/orders.module.js';

const serve = ({ module, strategy }: ReturnType<typeof createBefore>) =>
  serveModule(module, (app) => app.connectMicroservice({ strategy }));

await compareServers(CALLS, {
  before: (options) => serve(createBefore(options)),
  protected: (options) => serve(createProtected(options)),
  after: (options) => serveModule(OrdersModule.forRoot(options)),
});
