import { ArrayMaxSize, IsArray } from 'class-validator';
import type { OpenApiProperties } from '../openapi/openapi-types.js';
import { PushMessageDto } from './push-message.dto.js';

/** Most messages of one batch. */
const MAX_BATCH_MESSAGES = 1_000;

/** Messages that are sent in order, each judged alone; their rules are those of PushMessageDto. */
export class PushBatchDto {
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(MAX_BATCH_MESSAGES, { message: `must hold at most ${MAX_BATCH_MESSAGES} messages` })
  readonly messages!: readonly unknown[];

  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return { messages: { required: true, type: () => [PushMessageDto], maxItems: MAX_BATCH_MESSAGES } };
  }
}
