// Panels as Grafana shows them, in SVG: lines with their gaps, what is uncertain or bad as points, states as bars.

const WIDTH = 960;
const PANEL = { width: 468, height: 204, left: 52, right: 12, top: 30, bottom: 60 };
const GAP = 8;
const LINES = ['#5794f2', '#73bf69', '#b877d9', '#ff9830', '#8ab8ff'];
const STATES = {
  online: '#73bf69',
  active: '#73bf69',
  connecting: '#5794f2',
  activating: '#5794f2',
  degraded: '#ff9830',
  'auto-restart': '#ff9830',
  failed: '#f2495c',
  true: '#73bf69',
  false: '#f2495c',
};
const OTHER_STATE = '#808080';
const UNITS = { kelvin: 'K', celsius: '°C', percent: '%' };

/** @returns the text of the file */
export function drawPanels(panels, range) {
  const rows = Math.ceil(panels.length / 2);
  const height = rows * (PANEL.height + GAP) + GAP;
  const drawn = panels.map((panel, index) => {
    const x = GAP + (index % 2) * (PANEL.width + GAP);
    const y = GAP + Math.floor(index / 2) * (PANEL.height + GAP);
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, range)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Panels of labwire's dashboards" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="11">
<style>text{fill:#ccccdc}.title{font-size:13px;font-weight:600}.grid{stroke:#2c3235}.axis{fill:#9fa7b3}</style>
<rect width="${WIDTH}" height="${height}" rx="6" fill="#111217"/>
${drawn.join('\n')}
</svg>
`;
}

function drawPanel(panel, range) {
  const body = panel.type === 'state-timeline' ? drawStates(panel, range) : drawLines(panel, range);
  return `<rect width="${PANEL.width}" height="${PANEL.height}" rx="3" fill="#181b1f" stroke="#2c3235"/><text class="title" x="10" y="19">${escaped(panel.title)}</text>${body}`;
}

const plot = { right: PANEL.width - PANEL.right, bottom: PANEL.height - PANEL.bottom };

function timeScale({ from, to }, left = PANEL.left) {
  return (time) => round(left + ((time - from) / (to - from)) * (plot.right - left));
}

function timeTicks({ from, to }, at) {
  const every = 15_000;
  const ticks = [];
  for (let time = Math.ceil(from / every) * every; time <= to; time += every)
    ticks.push(
      `<path class="grid" d="M${at(time)} ${PANEL.top}V${plot.bottom}"/><text class="axis" x="${at(time)}" y="${plot.bottom + 14}" text-anchor="middle">${new Date(time).toISOString().slice(11, 19)}</text>`,
    );
  return ticks.join('');
}

function drawLines({ panel, series }, range) {
  const at = timeScale(range);
  const lines = series.filter(({ refId }) => !/-(?:uncertain|bad)$/.test(refId));
  const values = lines.flatMap(({ points }) => points.flatMap(({ value }) => (value === null ? [] : [value])));
  const { low, high, step } = niceRange(Math.min(...values), Math.max(...values));
  const up = (value) => round(plot.bottom - ((value - low) / (high - low)) * (plot.bottom - PANEL.top));
  const unit =
    UNITS[
      panel.fieldConfig?.overrides?.flatMap(({ properties }) => properties).find(({ id }) => id === 'unit')?.value
    ] ??
    UNITS[panel.fieldConfig?.defaults?.unit] ??
    '';
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const grid = [];
  for (let value = low; value <= high + step / 2; value += step)
    grid.push(
      `<path class="grid" d="M${PANEL.left} ${up(value)}H${plot.right}"/><text class="axis" x="${PANEL.left - 6}" y="${up(value) + 4}" text-anchor="end">${value.toFixed(decimals)} ${unit}</text>`,
    );
  const longest = Number(panel.fieldConfig?.defaults?.custom?.spanNulls) || 0;
  const drawn = series.map(({ refId, points }, index) => {
    const known = points.filter(({ value }) => value !== null);
    if (refId.endsWith('-bad'))
      return known
        .map(({ time }) => `<circle cx="${at(time)}" cy="${plot.bottom - 6}" r="3" fill="#f2495c"/>`)
        .join('');
    if (refId.endsWith('-uncertain'))
      return known
        .map(({ time, value }) => `<circle cx="${at(time)}" cy="${up(value)}" r="3" fill="#ff9830"/>`)
        .join('');
    const path = known.map(({ time, value }, place) => {
      const joined = place > 0 && time - known[place - 1].time <= longest;
      return `${joined ? 'L' : 'M'}${at(time)} ${up(value)}`;
    });
    return `<path fill="none" stroke="${LINES[lines.indexOf(series[index]) % LINES.length]}" stroke-width="1.5" d="${path.join('')}"/>`;
  });
  const shown = series.filter(({ points }) => points.some(({ value }) => value !== null));
  return (
    timeTicks(range, at) +
    grid.join('') +
    drawn.join('') +
    legend(
      shown.map((one) => ({
        name: one.name,
        colour: one.refId.endsWith('-bad')
          ? '#f2495c'
          : one.refId.endsWith('-uncertain')
            ? '#ff9830'
            : LINES[lines.indexOf(one) % LINES.length],
      })),
    )
  );
}

function drawStates({ series }, range) {
  const left = 20 + Math.max(...series.map(({ name }) => name.length)) * LETTER;
  const at = timeScale(range, left);
  const height = Math.min(34, (plot.bottom - PANEL.top) / Math.max(1, series.length) - 6);
  const seen = new Map();
  const rows = series.map(({ name, points }, row) => {
    const y = PANEL.top + 6 + row * (height + 8);
    const known = points.filter(({ value }) => value !== null);
    const bars = known.flatMap(({ time, value }, place) => {
      if (place > 0 && known[place - 1].value === value) return [];
      const next = known.slice(place + 1).find((later) => later.value !== value);
      const [start, end] = [Math.max(time, range.from), next?.time ?? range.to];
      const colour = STATES[value] ?? OTHER_STATE;
      seen.set(String(value), colour);
      return [
        `<rect x="${at(start)}" y="${y}" width="${round(Math.max(1, at(end) - at(start)))}" height="${round(height)}" fill="${colour}" fill-opacity="0.85"/>`,
      ];
    });
    return `<text class="axis" x="${left - 8}" y="${y + height / 2 + 4}" text-anchor="end">${escaped(name)}</text>${bars.join('')}`;
  });
  return timeTicks(range, at) + rows.join('') + legend([...seen].map(([name, colour]) => ({ name, colour })));
}

/** About six pixels for a letter of this size. */
const LETTER = 6;

/** Below the times, in two lines at most. */
function legend(entries) {
  let [x, y] = [14, PANEL.height - 26];
  return entries
    .map(({ name, colour }) => {
      const width = 30 + name.length * LETTER;
      if (x + width > PANEL.width) [x, y] = [14, y + 16];
      const text = `<rect x="${x}" y="${y - 4}" width="12" height="3" rx="1" fill="${colour}"/><text x="${x + 17}" y="${y}">${escaped(name)}</text>`;
      x += width;
      return text;
    })
    .join('');
}

/** Whole steps of 1, 2 or 5 that hold all values. */
function niceRange(least, most) {
  const rough = (most - least || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  return { low: Math.floor(least / step) * step, high: Math.ceil(most / step) * step, step };
}

const round = (number) => Math.round(number * 10) / 10;
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
