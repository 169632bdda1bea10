import { expect, it } from '@jest/globals';
import { FleetingMap } from '../../../../src/backing/redis/fleeting-map.js';

it('holds what is under way, the oldest first', () => {
  const map = new FleetingMap<number>();
  map.set('one', 1);
  map.set('two', 2);
  map.set('three', 3);
  map.delete('two');
  map.delete('none');
  expect([...map.values()]).toEqual([1, 3]);
  expect(map.size).toBe(2);
  expect(map.has('two')).toBe(false);
  expect(map.get('two')).toBeUndefined();
  expect(map.get('three')).toBe(3);
});

it('does not meet what is deleted while it goes through', () => {
  const map = new FleetingMap<number>();
  for (const name of ['one', 'two', 'three']) map.set(name, map.size);
  const met: number[] = [];
  for (const value of map.values()) {
    met.push(value);
    map.delete('two');
  }
  expect(met).toEqual([0, 2]);
});
