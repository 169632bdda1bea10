import { beforeEach, describe, expect, it } from '@jest/globals';
import { OpenQuestions } from '../../../../src/backing/redis/open-questions.js';
import type { OpenQuestion } from '../../../../src/backing/redis/open-questions.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';

describe('a question to nodes of which one does not listen', () => {
  let clock: ManualClock;
  let questions: OpenQuestions;
  const ended: string[] = [];

  /** Two nodes are alive, and one of them hears it. */
  function ask(waitsForCutOff: boolean): OpenQuestion {
    const question = questions.begin('q', { withinMs: 500, waitsForCutOff });
    void question.outcome.then(({ answers, isPartial }) => ended.push(`${String(answers)} ${isPartial}`));
    question.sent(new Set(['one', 'other']), 1);
    return question;
  }

  const settled = (): Promise<void> => new Promise(setImmediate);

  beforeEach(() => {
    clock = new ManualClock();
    questions = new OpenQuestions(clock);
    ended.length = 0;
  });

  it('expects nothing of it', async () => {
    ask(false);
    questions.answered('q', 'one', { answer: 1 });
    await settled();
    expect(ended).toEqual(['1 true']);
  });

  it('waits for it where it is told to, until it has carried out what was kept', async () => {
    ask(true);
    questions.answered('q', 'one', { answer: 1 });
    await settled();
    expect(ended).toEqual([]);
    questions.answered('q', 'other', { answer: 2 });
    await settled();
    expect([ended, questions.size]).toEqual([['1,2 false'], 0]);
  });

  it('goes on where it waits for it, though this node cannot hear for a while', async () => {
    const [patient, other] = [ask(true), questions.begin('r', { withinMs: 500 })];
    questions.interrupt();
    await expect(other.outcome).resolves.toEqual({ answers: [], isPartial: true });
    expect(questions.size).toBe(1);
    questions.endAll();
    await expect(patient.outcome).resolves.toEqual({ answers: [], isPartial: true });
  });

  it('waits for it no longer than for any other', async () => {
    ask(true);
    questions.answered('q', 'one', { answer: 1 });
    clock.advance(500);
    await settled();
    expect([ended, questions.size]).toEqual([['1 true'], 0]);
  });
});
