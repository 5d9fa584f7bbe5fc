import { installEnvoy } from './installed-envoy.js';

await installEnvoy();
