import * as metrics from '../../lib/observability/metrics.js';

/** Records one value of every metric that the package has, with all attributes that it may have. */
export function recordEverything(): void {
  metrics.recordDuration(0.02, { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'find_order' });
  metrics.recordDuration(0.02, { 'mcp.method.name': 'tools/call', 'error.type': '500' });
  metrics.recordDuration(0.02, { 'mcp.method.name': 'resources/read', 'mcp.primitive': 'orders://{id}' });
  metrics.recordDuration(0.02, { 'mcp.method.name': 'prompts/get', 'gen_ai.prompt.name': 'summary' });
  metrics.countRejected(401);
  metrics.countLookup('hit');
  metrics.countDenied('insufficient_scope');
  metrics.countStaleKeys('https://id.acme.example');
  metrics.countStaleAnswer('https://id.acme.example');
  metrics.countOldToken('orders');
  metrics.countIntrospectionRefused('https://id.acme.example');
  metrics.countLimited('default');
  metrics.countExchange('orders', 'exchanged');
  metrics.countLimit('streams', 'caller', 'refused');
  metrics.recordHeld('streams', 1, 1024);
  metrics.countRefused({ service: 'orders' });
  metrics.countRefused({ service: 'https://id.acme.example', endpoint: 'token' });
  metrics.recordConcurrency({ service: 'orders' }, 1, 20);
  metrics.recordConcurrency({ service: 'https://id.acme.example', endpoint: 'token' }, 1, 20);
}
