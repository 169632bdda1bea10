import { IsBoolean, IsIn } from 'class-validator';
import type { OpenApiProperties } from '../openapi/openapi-types.js';
import { IsPositiveNumber, IsTextUpTo, MayBeAbsent } from './push-validators.js';

/** What may be said of one message beside whom it is for and what it says. */
export class PushSendOptionsDto {
  @MayBeAbsent()
  @IsIn(['none', 'history'], { message: 'must be none or history' })
  readonly store?: 'none' | 'history';

  @MayBeAbsent()
  @IsPositiveNumber()
  readonly ttlSeconds?: number;

  @MayBeAbsent()
  @IsTextUpTo(128)
  readonly collapseKey?: string;

  @MayBeAbsent()
  @IsTextUpTo(255)
  readonly idempotencyKey?: string;

  @MayBeAbsent()
  @IsBoolean({ message: 'must be true or false' })
  readonly report?: boolean;

  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      store: {
        required: false,
        type: () => String,
        enum: ['none', 'history'],
        default: 'history',
        description: 'none: not kept for those who are away',
      },
      ttlSeconds: {
        required: false,
        type: () => Number,
        minimum: 0,
        exclusiveMinimum: true,
        description: 'Nobody gets it after so many seconds',
      },
      collapseKey: {
        required: false,
        type: () => String,
        minLength: 1,
        maxLength: 128,
        description: 'A later message of the same target and key takes the place of this one for those who are away',
      },
      idempotencyKey: {
        required: false,
        type: () => String,
        minLength: 1,
        maxLength: 255,
        description: 'The same as the header Idempotency-Key; in a batch, the key of this message alone',
      },
      report: {
        required: false,
        type: () => Boolean,
        default: false,
        description: 'Wait until every matched connection has taken or lost the message, so that written is final',
      },
    };
  }
}
