import type { OpenApiProperties } from '../openapi/openapi-types.js';
import { IsMomentText, MayBeAbsent } from './push-validators.js';

/** How long a membership lasts: the optional body of `PUT groups/:group/members/:userId`. */
export class PushMembershipDto {
  @MayBeAbsent()
  @IsMomentText()
  readonly expiresAt?: string;

  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      expiresAt: {
        required: false,
        type: () => String,
        format: 'date-time',
        description: 'When the membership ends; without it, it has no end',
      },
    };
  }
}
