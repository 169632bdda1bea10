import { writeFile } from 'node:fs/promises';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { pushAsyncApi, pushOpenApi } from 'nestjs-push';

/** For `/docs`, and a file for whoever writes clients. */
export async function describe(app: INestApplication, asyncApiFile: string): Promise<void> {
  const config = new DocumentBuilder().setTitle('Shop').addBearerAuth().build();
  SwaggerModule.setup('docs', app, () => pushOpenApi(app, SwaggerModule.createDocument(app, config)));

  const events = pushAsyncApi(app, { title: 'Shop', version: '1', url: 'https://shop.example' });
  await writeFile(asyncApiFile, JSON.stringify(events, undefined, 2));
}
