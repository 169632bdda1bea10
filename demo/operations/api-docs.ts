import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { DemoEnvironment } from '../environment.js';

/** `/docs` is the page, `/docs-json` the document; it is made at the first request, so a start does not wait for it. */
export function serveApiDocs(app: INestApplication, environment: DemoEnvironment): void {
  const door = environment.allowsSignIn ? '`POST /auth/token` signs a token to try things with.' : 'Sign-in is off.';
  const config = new DocumentBuilder()
    .setTitle('Larkspur')
    .setDescription(`A plant shop that pushes over nestjs-push. ${door}`)
    .setVersion('1')
    .addBearerAuth()
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    customSiteTitle: 'Larkspur API',
    swaggerOptions: { persistAuthorization: true },
  });
}
