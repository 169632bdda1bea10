import { type DynamicModule, Module } from '@nestjs/common';
import type { DemoEnvironment } from './environment.js';

/** Token of the {@link DemoEnvironment}. */
export const DEMO_ENVIRONMENT = Symbol('DEMO_ENVIRONMENT');

/** Holds what is configured from outside, where a host would have its ConfigModule. */
@Module({})
export class EnvironmentModule {
  static register(environment: DemoEnvironment): DynamicModule {
    return {
      module: EnvironmentModule,
      providers: [{ provide: DEMO_ENVIRONMENT, useValue: environment }],
      exports: [DEMO_ENVIRONMENT],
    };
  }
}
