import type { OpenApiProperties } from '../openapi/openapi-types.js';
import { IsSecondsOrMoment, IsTextUpTo, IsUserIdText, MayBeAbsent } from './push-validators.js';

/** Which tokens end: the body of `POST revocations`, exactly one of its members. */
export class PushRevocationDto {
  @MayBeAbsent()
  @IsUserIdText()
  readonly sub?: string;

  @MayBeAbsent()
  @IsTextUpTo(255)
  readonly jti?: string;

  @MayBeAbsent()
  @IsSecondsOrMoment()
  readonly issuedBefore?: number | string;

  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      sub: { required: false, type: () => String, description: 'All tokens of this user that were issued until now' },
      jti: { required: false, type: () => String, maxLength: 255, description: 'The token with this id' },
      issuedBefore: {
        required: false,
        type: () => Object,
        oneOf: [
          { type: 'number', minimum: 0 },
          { type: 'string', format: 'date-time' },
        ],
        description: 'All tokens issued before this moment: seconds since the Unix epoch, or ISO 8601, not to come',
      },
    };
  }
}
