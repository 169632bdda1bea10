/** What of `@OnPush` stops the start of the application. */
import { describe, expect, it } from '@jest/globals';
import { Injectable, Scope } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { OnPush } from '../../src/index.js';
import { PushApp } from '../support/push-app.js';

function start(listener: Type): Promise<PushApp> {
  return PushApp.start({ metadata: { providers: [listener] } });
}

describe('@OnPush', () => {
  it('is refused at start on a provider that is made for each request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @OnPush('sent')
      hear(): void {}
    }
    await expect(start(PerRequest)).rejects.toThrow(
      "@OnPush('sent') on PerRequest.hear: its provider is made for each",
    );
  });

  it.each([
    ['nope' as never, '"nope"'],
    ['toString' as never, '"toString"'],
    [undefined as never, 'nothing'],
  ])('is refused at start for an event that is none: %s', async (name, received) => {
    @Injectable()
    class Misspelt {
      @OnPush('sent')
      @OnPush(name)
      hear(): void {}
    }
    await expect(start(Misspelt)).rejects.toMatchObject({
      code: 'PUSH_ERR_INVALID_OPTION',
      message:
        `@OnPush(${received}) on Misspelt.hear: there is no such event, ` +
        'expected one of connected, disconnected, sent, kicked, refused',
    });
  });
});
