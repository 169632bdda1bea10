import { NestFactory } from '@nestjs/core';
import { PushWsAdapter } from 'nestjs-push';
import { ShopModule } from './shop.module.js';

const app = await NestFactory.create(ShopModule);
app.useWebSocketAdapter(new PushWsAdapter(app));
await app.listen(process.env.PORT ?? 3000);
