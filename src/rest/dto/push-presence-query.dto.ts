import { IsArray } from 'class-validator';
import type { OpenApiProperties } from '../openapi/openapi-types.js';
import { IsUserIdText } from './push-validators.js';

/** Whose presence is asked for: the body of `POST presence`. */
export class PushPresenceQueryDto {
  @IsArray({ message: 'must be a list' })
  @IsUserIdText({ each: true })
  readonly users!: readonly string[];

  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return { users: { required: true, type: () => [String] } };
  }
}
