import { register } from 'node:module';
import process from 'node:process';

// With each file goes where its lines are in TypeScript, for stack traces and for coverage.
process.env.SWC_NODE_SOURCE_MAP_MODE = 'inline';
register('@swc-node/register/esm', import.meta.url);
register('./resolve.js', import.meta.url);
