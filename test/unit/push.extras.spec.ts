import { describe, expect, it } from '@jest/globals';
import { VERSION_NEUTRAL } from '@nestjs/common';
import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import { DenyingAuthorizer, PushAuthorizer } from '../../src/auth/push-authorizer.js';
import type { Principal } from '../../src/core/principal.js';
import type { PushError } from '../../src/core/push-error.js';
import type { PushModuleOptions } from '../../src/push-options.interface.js';
import { PushModule } from '../../src/push.module.js';

const options: PushModuleOptions = { auth: { jwt: { secret: 'x'.repeat(32), algorithms: ['HS256'] } } };

class AnyGuard {
  canActivate(): boolean {
    return true;
  }
}

class OtherClass {}

class Names extends PushAuthenticator {
  override authenticate(): Principal | undefined {
    return undefined;
  }
}

/** Its methods are members of its instances. */
class LooseAuthorizer {
  canJoin = () => true;
  canSend = () => true;
}

class HeirOfLooseAuthorizer extends LooseAuthorizer {}

class ArrowAuthorizer extends PushAuthorizer {
  override readonly canJoin = () => true;
  override readonly canSend = () => true;
}

/** Has what is asked for and extends nothing. */
class OwnAuthorizer {
  canJoin(): boolean {
    return true;
  }

  canSend(): boolean {
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
    [{ isGlobal: 'x' }, 'isGlobal: received "x", expected true or false'],
    [{ imports: 5 }, 'imports: received 5, expected a list of modules'],
    [{ imports: OtherClass }, 'imports: received a function, expected a list of modules'],
    [{ imports: [5] }, 'imports: received a list of 1, expected a list of modules'],
    [{ authorizer: {} }, 'authorizer: received an object, expected a class that extends PushAuthorizer'],
    [{ authorizer: OtherClass }, 'authorizer: received a function, expected a class that extends PushAuthorizer'],
    [{ authorizer: Names }, 'authorizer: received a function, expected a class that extends PushAuthorizer'],
    [{ authorizer: new DenyingAuthorizer() }, 'authorizer: received an object, expected a class that extends'],
    [{ authenticator: () => undefined }, 'authenticator: received a function, expected a class that extends'],
    [{ authenticator: OtherClass }, 'authenticator: received a function, expected a class that extends'],
    [{ console: {}, rest: { path: 5 } }, 'rest.path: received 5, expected a path'],
  ])('is an error at once where it is wrong: %j', (extras, message) => {
    expect(refused(extras)).toMatchObject({
      code: 'PUSH_ERR_INVALID_OPTION',
      message: expect.stringContaining(`  ${message}`) as unknown,
    });
  });

  it('is one error, whatever is wrong', () => {
    const { errors } = refused({ isGlobal: 1, authorizer: {}, rest: { path: 5 }, console: { path: '' } }) as PushError;
    const pointers = errors?.map(({ pointer }) => pointer);
    expect(pointers?.toSorted()).toEqual(['/authorizer', '/console/path', '/isGlobal', '/rest/path']);
  });

  it.each<object>([
    { rest: { path: '', version: VERSION_NEUTRAL, guards: undefined, decorators: [] } },
    { rest: { version: ['1', VERSION_NEUTRAL], guards: [AnyGuard, new AnyGuard()], tenantOf: () => undefined } },
    { rest: undefined, isGlobal: undefined, imports: undefined, authorizer: undefined, authenticator: undefined },
    { isGlobal: false, imports: [OtherClass, { module: OtherClass }], authorizer: ArrowAuthorizer },
    { authorizer: OwnAuthorizer, authenticator: Names },
    { authorizer: LooseAuthorizer },
    { authorizer: HeirOfLooseAuthorizer },
    { rest: false, console: {} },
  ])('is taken where it is right: %j', (extras) => {
    expect(refused(extras)).not.toBeInstanceOf(Error);
  });
});

describe('what is wrong beside the options of forRoot', () => {
  it('is one error with what is wrong among them', () => {
    expect(() => PushModule.forRoot({ origins: 'x', isGlobal: 'x', unheardOf: 1 } as never)).toThrow(
      expect.objectContaining({
        code: 'PUSH_ERR_INVALID_OPTION',
        errors: ['/isGlobal', '/unheardOf', '/origins'].map((pointer) => ({ pointer, detail: expect.any(String) })),
      }),
    );
  });
});

describe('what either is given', () => {
  it.each([
    [Promise.resolve(options), 'received a promise: await it, or use forRootAsync({ useFactory })'],
    [[], 'received a list of 0'],
    [[options], 'received a list of 1'],
  ])('is no promise and no list: %j', (given, message) => {
    for (const register of [() => PushModule.forRoot(given as never), () => PushModule.forRootAsync(given as never)]) {
      expect(register).toThrow(
        expect.objectContaining({
          code: 'PUSH_ERR_INVALID_OPTION',
          message: `PushModule needs an options object, ${message}`,
        }),
      );
    }
  });
});

describe('what forRootAsync is given', () => {
  class HostOptions {
    createPushOptions(): PushModuleOptions {
      return options;
    }
  }

  it.each<[object, string]>([
    [{ useFactory: () => options, authoriser: OwnAuthorizer }, 'authoriser: received an option, expected no option of'],
    [{ useFactory: () => options, origins: [] }, 'origins: received an option, expected no option of this name beside'],
    [{ isGlobal: true }, 'options: received no factory, expected one of useFactory, useClass and useExisting'],
    [
      { useFactory: () => options, useClass: HostOptions },
      'options: received useFactory and useClass, expected one of',
    ],
    [{ useFactory: options }, 'useFactory: received an object, expected a function'],
    [{ useClass: 'HostOptions' }, 'useClass: received "HostOptions", expected a class'],
    [{ useExisting: {} }, 'useExisting: received an object, expected a provider'],
    [{ useFactory: () => options, inject: HostOptions }, 'inject: received a function, expected a list'],
  ])('is an error at once where it is wrong: %j', (given, message) => {
    expect(() => PushModule.forRootAsync(given)).toThrow(
      expect.objectContaining({
        code: 'PUSH_ERR_INVALID_OPTION',
        message: expect.stringContaining(`  ${message}`) as unknown,
      }),
    );
  });

  it.each<object>([
    { useClass: HostOptions },
    { useExisting: HostOptions, useFactory: undefined },
    { useFactory: () => options, inject: [HostOptions], provideInjectionTokensFrom: [HostOptions] },
  ])('is taken where it is right: %j', (given) => {
    expect(() => PushModule.forRootAsync(given)).not.toThrow();
  });
});
