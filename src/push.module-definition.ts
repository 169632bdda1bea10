import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { PushModuleExtras, PushModuleOptions } from './push-options.interface.js';

/** The options as the host gave them, unchecked. */
export const RAW_PUSH_OPTIONS = 'PUSH_RAW_OPTIONS';

/** What makes the options in a class of the host's. */
export const OPTIONS_METHOD = 'createPushOptions';

/** Every extra has a key here, by which the builder tells extras from options. */
const DEFAULT_EXTRAS: Required<PushModuleExtras> = {
  isGlobal: true,
  imports: [],
  rest: {},
  console: false,
  authorizer: undefined,
  authenticator: undefined,
};

/** The names of what stands beside a factory. */
export const EXTRA_NAMES: ReadonlySet<string> = new Set(Object.keys(DEFAULT_EXTRAS));

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<PushModuleOptions>({ optionsInjectionToken: RAW_PUSH_OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName(OPTIONS_METHOD)
    .setExtras<PushModuleExtras>(DEFAULT_EXTRAS, (definition) => definition)
    .build();
