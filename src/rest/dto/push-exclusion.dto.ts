import { IsArray } from 'class-validator';
import type { OpenApiProperties } from '../openapi/openapi-types.js';
import { IsConnectionIdText, IsGroupText, IsUserIdText, MayBeAbsent } from './push-validators.js';

/** Users, groups and connections, by name. */
export class PushExclusionDto {
  @MayBeAbsent()
  @IsArray({ message: 'must be a list' })
  @IsUserIdText({ each: true })
  readonly users?: readonly string[];

  @MayBeAbsent()
  @IsArray({ message: 'must be a list' })
  @IsGroupText({ each: true })
  readonly groups?: readonly string[];

  @MayBeAbsent()
  @IsArray({ message: 'must be a list' })
  @IsConnectionIdText({ each: true })
  readonly connections?: readonly string[];

  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      users: { required: false, type: () => [String], description: 'Every connection of these users' },
      groups: { required: false, type: () => [String], description: 'Every member connection of these groups' },
      connections: { required: false, type: () => [String], description: 'These connections' },
    };
  }
}
