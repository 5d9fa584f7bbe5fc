import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import { parse } from 'yaml';
import { Telemetry } from '../observability/telemetry.js';
import { recordEverything } from './every-metric.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const SAMPLE = 'sample/production';
const { groups } = parse(readFileSync(`${SAMPLE}/prometheus/alerts.yaml`, 'utf8')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(readFileSync(`${SAMPLE}/grafana/dashboard.json`, 'utf8')) as { panels: Panel[] };
const page = readFileSync('docs/production/observability.md', 'utf8');

/** What a collector with the configuration of the sample gave to Prometheus: `test/production/record-scrape.ts`. */
const scraped = new Map<string, Set<string>>();
for (const [, name = '', labels = ''] of readFileSync('test/production/collector-scrape.txt', 'utf8').matchAll(
  /^(\w+)\{(.*)\} /gm,
)) {
  const known = scraped.get(name) ?? new Set<string>();
  for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
  scraped.set(name, known);
}

const queries: readonly (readonly [where: string, query: string])[] = [
  ...rules.map(({ alert, expr }) => [`the alert ${alert}`, expr] as const),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [`the panel "${title}"`, expr] as const)),
];

/** Names of metrics in a query. */
const metricsIn = (query: string) => [...query.matchAll(/\b(?:mcp_server|nestjs_mcp_auth)_\w+/g)].map(([name]) => name);

/** Names of labels in a query: those that select, and those that remain. */
function labelsIn(query: string): readonly string[] {
  const selected = [...query.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label);
  const kept = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/, */));
  return [...new Set([...selected, ...kept])];
}

const telemetry = new Telemetry();
beforeAll(() => {
  telemetry.register();
  recordEverything();
});
afterAll(() => telemetry.unregister());

/** OpenTelemetry's rules for Prometheus, as far as metrics of this package need them. */
function toPrometheus(name: string, unit: string, type: DataPointType, isMonotonic: boolean): readonly string[] {
  const word = { s: 'seconds', By: 'bytes' }[unit];
  const plain = name.replaceAll('.', '_');
  const named = word === undefined || plain.endsWith(`_${word}`) ? plain : `${plain}_${word}`;
  if (type === DataPointType.HISTOGRAM) return ['bucket', 'sum', 'count'].map((part) => `${named}_${part}`);
  return [isMonotonic ? `${named}_total` : named];
}

test('the recorded answer of the collector has every metric and every attribute of the package, and no other', async () => {
  const now = new Map<string, Set<string>>();
  for (const metric of await telemetry.instruments()) {
    const { descriptor, dataPointType, dataPoints } = metric;
    const attributes = dataPoints.flatMap((point) => Object.keys(point.attributes));
    const isMonotonic = metric.dataPointType === DataPointType.SUM && metric.isMonotonic;
    for (const name of toPrometheus(descriptor.name, descriptor.unit, dataPointType, isMonotonic))
      now.set(name, new Set(attributes.map((key) => key.replaceAll('.', '_'))));
  }
  const ofCollector = /^(job|instance|le|otel_scope_.*|__name__)$/;
  const ofPackage = [...scraped].filter(([name]) => /^(mcp_server|nestjs_mcp_auth)_/.test(name));
  expect(ofPackage.map(([name]) => name).sort()).toEqual([...now.keys()].sort());
  for (const [name, labels] of ofPackage)
    expect([name, [...labels].filter((label) => !ofCollector.test(label)).sort()]).toEqual([
      name,
      [...(now.get(name) ?? [])].sort(),
    ]);
});

test('replicas are told apart', () => {
  expect([...scraped].filter(([name, labels]) => name !== 'target_info' && !labels.has('instance'))).toEqual([]);
});

test.each(queries)('%s asks for metrics and labels that are there', (_where, query) => {
  const names = metricsIn(query);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !scraped.has(name))).toEqual([]);
  const known = new Set(names.flatMap((name) => [...(scraped.get(name) ?? [])]));
  expect(labelsIn(query).filter((label) => !known.has(label))).toEqual([]);
});

test('the dashboard shows every metric', () => {
  const shown = new Set(
    queries.filter(([where]) => where.startsWith('the panel')).flatMap(([, query]) => metricsIn(query)),
  );
  const families = [...scraped.keys()].filter((name) => !/^target_info$|_(sum|count|bucket)$/.test(name));
  expect(families.filter((name) => !shown.has(name))).toEqual([]);
});

test.each(panels.flatMap(({ title, targets = [] }) => targets.map((target) => [title, target] as const)))(
  'the legend of "%s" names labels that its query keeps',
  (_title, { expr, legendFormat }) => {
    const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/, */));
    expect(named.filter((label) => !kept.includes(label))).toEqual([]);
  },
);

test('panels have ids of their own', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});

test.each(rules)('the page says what $alert means, and what to do', ({ alert, expr, annotations }) => {
  expect(annotations.runbook_url).toMatch(new RegExp(`/docs/production/observability\\.md#${alert.toLowerCase()}$`));
  expect(page).toMatch(new RegExp(`^### ${alert}\\n\\n(?:(?!^#)[^])*\\*\\*What to do\\.\\*\\*`, 'm'));
  const used = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
  const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/, */));
  expect(used.filter((label) => !kept.includes(label))).toEqual([]);
});
