import { writeFile } from 'node:fs/promises';
import { exit } from 'node:process';
import { telemetry } from '../../sample/production/src/telemetry.js';
import { recordEverything } from './every-metric.js';

// Sends every metric of the package, as the sample does, to a collector that runs with
// `sample/production/otel/collector.yaml`. Writes down what Prometheus would fetch from it.
recordEverything();
await telemetry.shutdown();
const answer = await fetch('http://127.0.0.1:8889/metrics');
await writeFile('test/production/collector-scrape.txt', await answer.text());
exit();
