import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Markdown, projectRoot } from './markdown.js';

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');
const pod = read('docs/deployment/kubernetes.yaml');

/** The number behind a key of the file. */
function numberOf(key: string): number {
  return Number(new RegExp(`${key}: (\\d+)`).exec(pod)?.[1]);
}

describe('docs/deployment/kubernetes.yaml', () => {
  it('gives a pod longer to end than its sleep and its drain take', () => {
    const sleepSeconds = Number(/'sleep', '(\d+)'/.exec(pod)?.[1]);
    const drain = Markdown.read('docs/options.md')
      .rows('option', 'default')
      .find((row) => row['option'] === '`drainMs`');
    const drainSeconds = Number(drain?.['default']?.replaceAll('`', '')) / 1000;
    expect(numberOf('terminationGracePeriodSeconds')).toBeGreaterThan(sleepSeconds + drainSeconds);
  });

  it('asks for paths that the demo serves', () => {
    const paths = [...pod.matchAll(/path: (\S+),/g)].map(([, path]) => path);
    expect(paths).toEqual(['/health/live', '/health/ready']);
    const controller = read('demo/operations/health.controller.ts');
    for (const path of ['live', 'ready']) expect(controller).toContain(`'${path}'`);
  });

  it('sticks to no node, and replaces them one by one', () => {
    expect(pod).toContain('sessionAffinity: None');
    expect([numberOf('maxSurge'), numberOf('maxUnavailable')]).toEqual([1, 0]);
  });
});
