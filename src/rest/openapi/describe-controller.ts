import type { Type } from '@nestjs/common';
export function describeForOpenApi(_controller: Type<unknown>): void {}
