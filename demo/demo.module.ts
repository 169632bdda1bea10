import { type DynamicModule, Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { PushModule } from 'nestjs-push';
import { TokenController } from './auth/token.controller.js';
import { RoomAuthorizer } from './chat/room.authorizer.js';
import { TypingGateway } from './chat/typing.gateway.js';
import type { DemoEnvironment } from './environment.js';
import { HealthController } from './operations/health.controller.js';
import { MetricsController } from './operations/metrics.controller.js';
import { Readiness } from './operations/readiness.js';
import { OrderBook } from './orders/order-book.js';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersGateway } from './orders/orders.gateway.js';
import { OrdersService } from './orders/orders.service.js';
import { PagesController } from './pages/pages.controller.js';

const DEMO_ENVIRONMENT = Symbol('DEMO_ENVIRONMENT');
const TOKEN_LIFETIME_SECONDS = 3600;

/** Holds what is configured from outside, where a host would have its ConfigModule. */
@Module({})
class EnvironmentModule {
  static register(environment: DemoEnvironment): DynamicModule {
    return {
      module: EnvironmentModule,
      providers: [{ provide: DEMO_ENVIRONMENT, useValue: environment }],
      exports: [DEMO_ENVIRONMENT],
    };
  }
}

/** The shop. */
@Module({})
export class DemoModule {
  static register(environment: DemoEnvironment): DynamicModule {
    const environmentModule = EnvironmentModule.register(environment);
    return {
      module: DemoModule,
      imports: [
        JwtModule.register({
          secret: environment.jwtSecret,
          signOptions: { algorithm: 'HS256', expiresIn: TOKEN_LIFETIME_SECONDS },
        }),
        PushModule.forRootAsync({
          isGlobal: true,
          imports: [environmentModule],
          inject: [DEMO_ENVIRONMENT],
          useFactory: ({ jwtSecret, origins, limits }: DemoEnvironment) => ({
            auth: { jwt: { secret: jwtSecret, algorithms: ['HS256'] } },
            origins: [...origins],
            ...limits,
          }),
          authorizer: RoomAuthorizer,
        }),
      ],
      controllers: [
        PagesController,
        OrdersController,
        HealthController,
        MetricsController,
        ...(environment.allowsSignIn ? [TokenController] : []),
      ],
      providers: [OrderBook, OrdersService, OrdersGateway, TypingGateway, Readiness],
    };
  }
}
