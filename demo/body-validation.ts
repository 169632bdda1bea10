import { ValidationPipe } from '@nestjs/common';

/**
 * How everything that comes in is checked. Gateways name it themselves: Nest 11 does not apply global pipes to them, as
 * Nest 12 does.
 */
export const bodyValidation = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true });
