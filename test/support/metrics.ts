/** What one scrape said. */
export class Scrape {
  private constructor(readonly text: string) {}

  static async of(url: string): Promise<Scrape> {
    const response = await fetch(url);
    if (response.status !== 200) throw new Error(`the scrape was answered ${response.status}`);
    return new Scrape(await response.text());
  }

  /** The value of a line such as `push_connections{transport="ws"}`; undefined where there is none. */
  value(series: string): number | undefined {
    const line = this.text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length));
  }

  /** Names and types of all metrics, in their order. */
  types(): readonly (readonly [string, string])[] {
    return [...this.text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]);
  }

  /** Names of all labels of a metric, its parts included. */
  labels(name: string): readonly string[] {
    const series = new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm');
    const pairs = [...this.text.matchAll(series)].flatMap(([, labels = '']) => [...labels.matchAll(/(\w+)="/g)]);
    return [...new Set(pairs.map(([, label = '']) => label))];
  }
}
