import { NodeSDK, resources } from '@opentelemetry/sdk-node';

/**
 * The OpenTelemetry SDK. Node loads this file before the application: `node --import ./dist/telemetry.js dist/main.js`.
 * Variables say what is sent, and where: `OTEL_SERVICE_NAME`, `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_METRICS_EXPORTER`.
 */
export const telemetry = new NodeSDK({
  instrumentations: [],
  // Each replica has an id of its own. Without it the numbers of one replica would overwrite those of the other.
  resourceDetectors: [resources.envDetector, resources.serviceInstanceIdDetector],
});

telemetry.start();
