import { runQuickstart } from './run.js';

await runQuickstart();
