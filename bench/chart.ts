import type { Results } from './results.js';

const WIDTH = 720;
const HEIGHT = 360;
const MARGIN = { top: 48, right: 200, bottom: 48, left: 72 };

const COLOURS = ['#c2410c', '#7c3aed', '#0f766e', '#1d4ed8', '#4d7c0f'];

/** One line of a chart. */
interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/**
 * Draws how the cost of `tools/list` grows with the number of tools. Both axes are logarithmic.
 *
 * @returns `undefined` if that was never measured
 */
export function drawChart({ tables }: Results): string | undefined {
  const rows = tables.find(({ name }) => name === 'tools/list')?.rows;
  if (!rows) return undefined;
  const names = Object.keys(rows[0] ?? {}).filter((column) => column !== 'tools' && !column.startsWith('ratio'));
  const series = names.map((name): Series => {
    return { name, points: rows.map((row) => [Number(row.tools), Number(row[name])]) };
  });
  return draw('tools/list: µs of CPU for a request, by the number of tools', series);
}

function draw(title: string, series: readonly Series[]): string {
  const points = series.flatMap((one) => one.points);
  const toX = scale(
    points.map(([x]) => x),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const toY = scale(decadesAround(points.map(([, y]) => y)), HEIGHT - MARGIN.bottom, MARGIN.top);
  const vertical = [...new Set(points.map(([x]) => x))].map((x) => {
    const at = round(toX(x));
    return `<text x="${at}" y="${HEIGHT - MARGIN.bottom + 20}" text-anchor="middle">${x.toLocaleString('en')}</text>`;
  });
  const horizontal = decadesAround(points.map(([, y]) => y)).map((y) => {
    const at = round(toY(y));
    return (
      `<line x1="${MARGIN.left}" y1="${at}" x2="${WIDTH - MARGIN.right}" y2="${at}" stroke="#d4d4d4"/>` +
      `<text x="${MARGIN.left - 8}" y="${at + 4}" text-anchor="end">${y.toLocaleString('en')}</text>`
    );
  });
  const lines = series.map(({ name, points: own }, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? '';
    const path = own.map(([x, y]) => `${round(toX(x))},${round(toY(y))}`).join(' ');
    const [lastX, lastY] = own.at(-1) ?? [0, 1];
    return (
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      own.map(([x, y]) => `<circle cx="${round(toX(x))}" cy="${round(toY(y))}" r="3" fill="${colour}"/>`).join('') +
      `<text x="${round(toX(lastX)) + 10}" y="${round(toY(lastY)) + 4}" fill="${colour}">${escape(name)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="24" font-size="14">${escape(title)}</text>`,
    ...horizontal,
    ...vertical,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

/** A logarithmic scale. */
function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  return (value) => from + ((Math.log10(value) - low) / (high - low || 1)) * (to - from);
}

/** The powers of ten from below the least value to above the greatest. */
function decadesAround(values: readonly number[]): readonly number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.ceil(Math.log10(Math.max(...values)));
  return Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('`', '').replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
