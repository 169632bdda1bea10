/** One variable that can't be used. A secret's value is never part of it. */
export interface EnvironmentProblem {
  readonly variable: string;
  readonly received: string;
  readonly expected: string;
}

/** Everything that is wrong with the environment, in one error. */
export class EnvironmentError extends Error {
  constructor(readonly problems: readonly EnvironmentProblem[]) {
    const lines = problems.map(
      ({ variable, received, expected }) => `  ${variable}: ${received}; expected ${expected}`,
    );
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(`The environment has ${count}:\n${lines.join('\n')}`);
    this.name = 'EnvironmentError';
  }
}

/**
 * Reads variables one by one and collects what is wrong with them, so that one start tells everything. An empty variable
 * counts as not set: that is how compose files and CI jobs leave one out.
 */
export class EnvironmentReader {
  private readonly problems: EnvironmentProblem[] = [];

  constructor(private readonly variables: Readonly<Record<string, string | undefined>>) {}

  text(variable: string): string | undefined {
    const value = this.variables[variable]?.trim();
    return value === '' ? undefined : value;
  }

  oneOf<Choice extends string>(variable: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.text(variable);
    if (value === undefined) return fallback;
    const choice = choices.find((candidate) => candidate === value);
    if (choice !== undefined) return choice;
    this.report(variable, quote(value), choices.join(' or '));
    return fallback;
  }

  wholeNumber(variable: string, least: number, most: number): number | undefined {
    const value = this.text(variable);
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    this.report(variable, quote(value), `a whole number from ${least} to ${most}`);
    return undefined;
  }

  list(variable: string, isValid: (item: string) => boolean, expected: string): readonly string[] {
    const items = (this.text(variable) ?? '').split(',').map((item) => item.trim());
    const given = items.filter((item) => item !== '');
    for (const item of given) if (!isValid(item)) this.report(variable, quote(item), expected);
    return given;
  }

  report(variable: string, received: string, expected: string): void {
    this.problems.push({ variable, received, expected });
  }

  /** Throws an {@link EnvironmentError} where there was any problem. */
  finish(): void {
    if (this.problems.length > 0) throw new EnvironmentError(this.problems);
  }
}

function quote(value: string): string {
  return `received ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`;
}
