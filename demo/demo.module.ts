import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { PushModule } from 'nestjs-push';
import { redis } from 'nestjs-push/redis';
import { TOKEN_COOKIE } from './auth/token-cookie.js';
import { TokenController } from './auth/token.controller.js';
import { RoomAuthorizer } from './chat/room.authorizer.js';
import { TypingGateway } from './chat/typing.gateway.js';
import { DEMO_ENVIRONMENT, EnvironmentModule } from './environment.module.js';
import type { DemoEnvironment } from './environment.js';
import { COUNTED_EVENTS, EVENTS } from './events.js';
import { HealthController } from './operations/health.controller.js';
import { NodeGateway } from './operations/node.gateway.js';
import { NodeIdentity } from './operations/node-identity.js';
import { MemoryOrderBook } from './orders/memory-order-book.js';
import { OrderBook } from './orders/order-book.js';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersGateway } from './orders/orders.gateway.js';
import { OrdersService } from './orders/orders.service.js';
import { SharedOrderBook } from './orders/shared-order-book.js';
import { ClientController } from './pages/client.controller.js';
import { PagesController } from './pages/pages.controller.js';

const TOKEN_LIFETIME_SECONDS = 3600;

function orderBookOf({ redisUrl }: DemoEnvironment): Provider {
  const useFactory = () => (redisUrl === undefined ? new MemoryOrderBook() : new SharedOrderBook(redisUrl));
  return { provide: OrderBook, useFactory };
}

/** The shop. */
@Module({})
export class DemoModule {
  static register(environment: DemoEnvironment): DynamicModule {
    const environmentModule = EnvironmentModule.register(environment);
    return {
      module: DemoModule,
      imports: [
        environmentModule,
        JwtModule.register({
          secret: environment.jwtSecret,
          signOptions: { algorithm: 'HS256', expiresIn: TOKEN_LIFETIME_SECONDS },
        }),
        PushModule.forRootAsync({
          isGlobal: true,
          imports: [environmentModule],
          inject: [DEMO_ENVIRONMENT],
          useFactory: ({ jwtSecret, origins, limits, redisUrl }: DemoEnvironment) => ({
            auth: { jwt: { secret: jwtSecret, algorithms: ['HS256'] }, cookie: TOKEN_COOKIE },
            origins: [...origins],
            metrics: { defaultMetrics: true, events: COUNTED_EVENTS },
            events: EVENTS,
            // REST takes any data under any name here, for whoever tries things out; the log says what does not fit.
            validateOutgoing: 'warn' as const,
            ...limits,
            ...(redisUrl !== undefined && { backing: redis({ url: redisUrl, keyPrefix: 'larkspur' }) }),
          }),
          authorizer: RoomAuthorizer,
          // A shop would have its own sign-in behind this address; without one the page asks for a token.
          console: environment.allowsSignIn ? { tokenUrl: '/auth/token/console' } : {},
        }),
      ],
      controllers: [
        PagesController,
        ClientController,
        OrdersController,
        HealthController,
        ...(environment.allowsSignIn ? [TokenController] : []),
      ],
      providers: [orderBookOf(environment), OrdersService, OrdersGateway, TypingGateway, NodeGateway, NodeIdentity],
    };
  }
}
