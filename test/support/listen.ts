export { listen, type Listener } from '../../lib/testing/loopback.js';
