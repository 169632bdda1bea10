import { describe, expect, it } from '@jest/globals';
import { VERSION_NEUTRAL } from '@nestjs/common';
import type { PushModuleOptions } from '../../src/push-options.interface.js';
import { PushModule } from '../../src/push.module.js';

const options: PushModuleOptions = { auth: { jwt: { secret: 'x'.repeat(32), algorithms: ['HS256'] } } };

class AnyGuard {
  canActivate(): boolean {
    return true;
  }
}

/** Both ways to register, with these beside the options. */
const WAYS = [
  ['forRoot', (extras: object) => PushModule.forRoot({ ...options, ...extras })],
  ['forRootAsync', (extras: object) => PushModule.forRootAsync({ useFactory: () => options, ...extras })],
] as const;

describe.each(WAYS)('what stands beside the options of %s', (_way, register) => {
  const refused = (extras: object): unknown => {
    try {
      return register(extras);
    } catch (error) {
      return error;
    }
  };

  it('opens REST to nobody by a list without guards', () => {
    expect(refused({ rest: { guards: [] } })).toMatchObject({
      code: 'PUSH_ERR_INVALID_OPTION',
      message: expect.stringContaining(
        'rest.guards: received a list of 0, expected a list of at least one guard, or nothing for the guard of the module',
      ) as unknown,
    });
  });

  it.each<[object, string]>([
    [{ rest: true }, 'rest: received true, expected an object, or false'],
    [{ rest: null }, 'rest: received null, expected an object, or false'],
    [{ rest: 'no' }, 'rest: received a text of 2 characters, expected an object, or false'],
    [{ rest: { foo: 1 } }, 'rest.foo: received an option, expected no option of this name'],
    [{ rest: { path: 5 } }, 'rest.path: received 5, expected a path'],
    [{ rest: { version: {} } }, 'rest.version: received an object, expected a version of Nest'],
    [{ rest: { version: [] } }, 'rest.version: received a list of 0, expected a version of Nest'],
    [{ rest: { guards: AnyGuard } }, 'rest.guards: received a function, expected a list of at least one guard'],
    [{ rest: { guards: [5] } }, 'rest.guards: received a list of 1, expected a list of at least one guard'],
    [{ rest: { tenantOf: 'acme' } }, 'rest.tenantOf: received "acme", expected a function'],
    [{ rest: { decorators: [5] } }, 'rest.decorators: received a list of 1, expected a list of class decorators'],
    [{ console: { version: {} } }, 'console.version: received an object, expected a version of Nest'],
    [{ console: {}, rest: { path: 5 } }, 'rest.path: received 5, expected a path'],
  ])('is an error at once where it is wrong: %j', (extras, message) => {
    expect(refused(extras)).toMatchObject({
      code: 'PUSH_ERR_INVALID_OPTION',
      message: expect.stringContaining(`  ${message}`) as unknown,
    });
  });

  it.each<object>([
    { rest: { path: '', version: VERSION_NEUTRAL, guards: undefined, decorators: [] } },
    { rest: { version: ['1', VERSION_NEUTRAL], guards: [AnyGuard, new AnyGuard()], tenantOf: () => undefined } },
    { rest: undefined },
    { rest: false, console: {} },
  ])('is taken where it is right: %j', (extras) => {
    expect(refused(extras)).not.toBeInstanceOf(Error);
  });
});
