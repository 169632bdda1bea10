import { Equals, ValidateNested } from 'class-validator';
import type { OpenApiProperties } from '../openapi/openapi-types.js';
import { PushExclusionDto } from './push-exclusion.dto.js';
import { MayBeAbsent } from './push-validators.js';

/** Whom a message is for: everyone, or those that are named; in both cases less the exceptions. */
export class PushTargetDto extends PushExclusionDto {
  @MayBeAbsent()
  @Equals(true, { message: 'must be true' })
  readonly all?: true;

  @MayBeAbsent()
  @ValidateNested()
  readonly except?: PushExclusionDto;

  static override _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      all: {
        required: false,
        type: () => Boolean,
        description: 'Everyone; may only stand with except',
      },
      except: { required: false, type: () => PushExclusionDto, description: 'Who is left out' },
    };
  }
}
