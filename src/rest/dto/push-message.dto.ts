import { ValidateNested } from 'class-validator';
import type { OpenApiProperties } from '../openapi/openapi-types.js';
import { PushEventDto } from './push-event.dto.js';
import { PushTargetDto } from './push-target.dto.js';

/** A message that names its target: the body of `POST messages` and each item of `POST batch`. */
export class PushMessageDto extends PushEventDto {
  @ValidateNested()
  readonly target!: PushTargetDto;

  static override _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return { target: { required: true, type: () => PushTargetDto, description: 'Whom the message is for' } };
  }
}
