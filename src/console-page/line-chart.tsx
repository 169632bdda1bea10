import { useId, useState } from 'preact/hooks';
import { clock } from './format.js';
import type { Point } from './report-history.js';

/** One curve: a member of the points. */
export interface Curve {
  readonly label: string;
  readonly of: keyof Omit<Point, 'at'>;
}

interface ChartProps {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly points: readonly Point[];
  readonly format: (value: number) => string;
}

const WIDTH = 600;
const HEIGHT = 160;
/** A minute, however little there is yet. */
const MIN_POINTS = 60;
/** Rows of the table: every so many points. */
const ROW_POINTS = 10;

/** Curves of the last minutes. What they show is also said in words, and stands in a table. */
export function LineChart({ title, curves, points, format }: ChartProps) {
  const [isOpen, setOpen] = useState(false);
  const titleId = useId();
  const highest = niceCeiling(Math.max(0, ...points.flatMap((point) => curves.map(({ of }) => point[of]))));
  const last = points.at(-1);
  const span = Math.max(MIN_POINTS, points.length);
  const words = curves.map(({ label, of }) => {
    const values = points.map((point) => point[of]);
    return `${label}: now ${format(last?.[of] ?? 0)}, at most ${format(Math.max(0, ...values))}`;
  });
  return (
    <section class="card chart" aria-labelledby={titleId}>
      <h2 id={titleId}>{title}</h2>
      <ul class="legend">
        {curves.map(({ label, of }, index) => (
          <li key={of}>
            <svg class={`swatch curve-${index}`} viewBox="0 0 24 8" aria-hidden="true">
              <path d="M0 4H24" />
            </svg>
            {label} <strong>{format(last?.[of] ?? 0)}</strong>
          </li>
        ))}
      </ul>
      <div class="plot" role="img" aria-label={`${title} in the last ${spanName(span)}. ${words.join('. ')}.`}>
        <span class="scale top" aria-hidden="true">
          {format(highest)}
        </span>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path class="grid" d={`M0 1H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 1}H${WIDTH}`} />
          {curves.map(({ of }, index) => (
            <path
              key={of}
              class={`curve curve-${index}`}
              d={pathOf(
                points.map((point) => point[of]),
                highest,
                span,
              )}
            />
          ))}
        </svg>
        <span class="scale bottom" aria-hidden="true">
          <span>{spanName(span)} ago</span>
          <span>now</span>
        </span>
      </div>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          As a table<span class="unseen">: {title}</span>
        </summary>
        {isOpen && <ChartTable {...{ title, curves, points, format }} />}
      </details>
    </section>
  );
}

function ChartTable({ title, curves, points, format }: ChartProps) {
  const rows = points.filter((_point, index) => (points.length - 1 - index) % ROW_POINTS === 0).toReversed();
  return (
    <div class="scroller" role="region" aria-label={`${title}, as a table`} tabIndex={0}>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Time</th>
            {curves.map(({ label, of }) => (
              <th scope="col" key={of}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((point) => (
            <tr key={point.at}>
              <th scope="row">{clock(point.at)}</th>
              {curves.map(({ of }) => (
                <td key={of}>{format(point[of])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The newest point is at the right edge; until there are enough the left stays empty. */
function pathOf(values: readonly number[], highest: number, span: number): string {
  const step = WIDTH / (span - 1);
  const first = WIDTH - step * (values.length - 1);
  return values
    .map((value, index) => {
      const y = HEIGHT - 2 - (value / highest) * (HEIGHT - 6);
      return `${index === 0 ? 'M' : 'L'}${(first + index * step).toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}

function spanName(points: number): string {
  return `${Math.round(points / 60)} min`;
}

/** A round number that nothing is above: 1, 2 or 5 times a power of ten. */
function niceCeiling(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}
