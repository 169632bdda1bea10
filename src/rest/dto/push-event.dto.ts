import { ANY_JSON } from '../openapi/openapi-types.js';
import type { OpenApiProperties } from '../openapi/openapi-types.js';
import { PushSendOptionsDto } from './push-send-options.dto.js';
import { IsAnyJson, IsEventText, MayBeAbsent } from './push-validators.js';

/** A message whose target the path names: `POST broadcast`, `users/:userId`, `groups/:group`. */
export class PushEventDto extends PushSendOptionsDto {
  @IsEventText()
  readonly event!: string;

  @MayBeAbsent()
  @IsAnyJson()
  readonly data?: unknown;

  static override _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      event: {
        required: true,
        type: () => String,
        pattern: '^(?!push:)[A-Za-z0-9._:-]{1,128}$',
        example: 'order.status',
        description: 'The name of the event; those that begin with push: are reserved',
      },
      data: {
        required: false,
        type: () => Object,
        anyOf: ANY_JSON,
        example: { orderId: 7 },
        description: 'Any JSON; arrives as it was sent. An own key __proto__ at any depth is refused',
      },
    };
  }
}
