/** Checks what stands beside the factory of options, before decorators and providers are made of it. */
import { consoleOptionProblems } from './push.console.js';
import type { PushModuleExtras } from './push-options.interface.js';
import { throwIfAnyOption } from './push-options.resolver.js';
import { restProblems } from './rest/rest-options.js';

/** Throws a PushError `PUSH_ERR_INVALID_OPTION` that lists every problem. */
export function checkExtras(extras: PushModuleExtras, hasAuthentication: boolean): void {
  const ofRest = restProblems(extras.rest);
  // What the console is held against must be right itself.
  const { rest: _, ...withoutRest } = extras;
  const ofConsole = consoleOptionProblems(ofRest.length === 0 ? extras : withoutRest, hasAuthentication);
  throwIfAnyOption([...ofRest, ...ofConsole]);
}
