import { context, metrics, propagation, SpanKind, trace, type Attributes } from '@opentelemetry/api';
import {
  MeterProvider,
  MetricReader,
  type DataPoint,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { NodeTracerProvider, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace-node';

import { overhear } from '../support/secret-watch.js';

/** Collects when it is asked to, and not in time. */
class ManualReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** An OpenTelemetry SDK in the process, and what it was told. */
export class Telemetry implements SpanProcessor {
  /** Spans that have ended, in this order. */
  readonly spans: ReadableSpan[] = [];
  readonly #reader = new ManualReader();
  readonly #tracing = new NodeTracerProvider({ spanProcessors: [this] });
  readonly #metering = new MeterProvider({ readers: [this.#reader] });
  #onEnd: () => void = () => undefined;

  register(): void {
    trace.disable();
    this.#tracing.register();
    metrics.setGlobalMeterProvider(this.#metering);
  }

  async unregister(): Promise<void> {
    await this.#tracing.shutdown();
    await this.#metering.shutdown();
    for (const api of [trace, metrics, context, propagation]) api.disable();
  }

  /** The spans of so many requests, once their answers are out: a client may have its answer before. */
  async requests(count: number): Promise<ReadableSpan[]> {
    const found = () => this.spans.filter(({ kind }) => kind === SpanKind.SERVER);
    while (found().length < count) await new Promise<void>((resolve) => (this.#onEnd = resolve));
    return found();
  }

  /** The span of the only request. */
  async request(): Promise<ReadableSpan> {
    const [span, ...others] = await this.requests(1);
    if (!span || others.length > 0) throw new Error('Not one request');
    return span;
  }

  /** What an instrument has counted so far, for each set of attributes. */
  async counted<Value extends number | Histogram = number>(name: string): Promise<[Attributes, Value][]> {
    const points = ((await this.instrument(name))?.dataPoints ?? []) as DataPoint<Value>[];
    return points.map(({ attributes, value }) => [attributes, value]);
  }

  async instrument(name: string): Promise<MetricData | undefined> {
    return (await this.instruments()).find(({ descriptor }) => descriptor.name === name);
  }

  /** All instruments of the package that have recorded something. */
  async instruments(): Promise<readonly MetricData[]> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors);
    const ours = resourceMetrics.scopeMetrics.filter(({ scope }) => scope.name === 'nestjs-mcp-auth');
    return ours.flatMap((scope) => scope.metrics);
  }

  onStart(): void {
    // Only what has ended counts.
  }

  onEnd(span: ReadableSpan): void {
    const { name, attributes, events, links, status } = span;
    overhear('span', { name, attributes, events, links, status });
    this.spans.push(span);
    this.#onEnd();
  }

  async forceFlush(): Promise<void> {
    await Promise.resolve();
  }

  async shutdown(): Promise<void> {
    await Promise.resolve();
  }
}
