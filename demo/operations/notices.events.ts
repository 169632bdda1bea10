import { IsOptional, IsString } from 'class-validator';
import { PushEvent } from 'nestjs-push';

/** What the admin's page sends, by REST. */
class Notice {
  @IsOptional()
  @IsString()
  readonly title?: string;

  @IsString()
  readonly text!: string;
}

/** For everyone. */
@PushEvent('announcement', { description: 'The shop tells everyone something.' })
export class Announcement extends Notice {}

/** For one user. */
@PushEvent('message', { description: 'The shop tells one user something.' })
export class Message extends Notice {}

/** For the members of a group. */
@PushEvent('group.message', { description: 'The shop tells a group something.' })
export class GroupMessage extends Notice {
  @IsString()
  readonly group!: string;
}
