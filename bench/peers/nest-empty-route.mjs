/** The floor of the REST rows: a Nest route that reads the same body, verifies the same token in a guard and does nothing. */
import 'reflect-metadata';
import { createSecretKey } from 'node:crypto';
import { Body, Controller, HttpCode, Module, Param, Post, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { announce, settings } from './peer.mjs';

/** A key object, for a secret given as text is made into one at every verification, which costs more than the rest. */
const secret = createSecretKey(Buffer.from(settings.secret));
const tokens = new JwtService({});

class TokenGuard {
  canActivate(context) {
    const { authorization } = context.switchToHttp().getRequest().headers;
    try {
      tokens.verify(authorization.slice('Bearer '.length), { secret, algorithms: ['HS256'] });
      return true;
    } catch {
      throw new UnauthorizedException();
    }
  }
}

class EmptyController {
  accept() {
    return {};
  }
}
const accept = Object.getOwnPropertyDescriptor(EmptyController.prototype, 'accept');
Post('users/:user')(EmptyController.prototype, 'accept', accept);
HttpCode(202)(EmptyController.prototype, 'accept', accept);
Param('user')(EmptyController.prototype, 'accept', 0);
Body()(EmptyController.prototype, 'accept', 1);
UseGuards(new TokenGuard())(EmptyController);
Controller()(EmptyController);

class AppModule {}
Module({ controllers: [EmptyController] })(AppModule);

const adapter = settings.platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
announce(app.getHttpServer().address().port);
