import { compareServers, serveModule } from '../compare-servers.js';
import { OrdersModule as After } from './after/orders.module.js';
import { OrdersModule as Before } from './before/orders.module.js';
import { CALLS } from './calls.js';

await compareServers(CALLS, {
  before: (options) => serveModule(Before.forRoot(options)),
  after: (options) => serveModule(After.forRoot(options)),
});
