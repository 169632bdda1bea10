import { IsString } from 'class-validator';
import { PushEvent, definePushEvent } from 'nestjs-push';
import { z } from 'zod';

/** What the pages of a room write to each other by `push:send`, so it is judged before anyone gets it. */
export const roomMessage = definePushEvent({
  name: 'room.message',
  direction: 'both',
  description: 'Somebody has written in a room.',
  schema: z.object({
    room: z.string(),
    text: z.string().min(1).max(4_000),
    mark: z.string().max(64).optional().describe('By which the writer knows it again'),
  }),
});

/** Someone is writing in a room. */
@PushEvent('chat.typing', { description: 'Somebody is writing in a room.' })
export class RoomTyping {
  @IsString()
  readonly room!: string;

  @IsString()
  readonly user!: string;
}
