/**
 * The routes of REST. Each reads its path, query and body, asks PushService and answers; what an error becomes is
 * decided by the filter. Requests come as the platform made them and pass no pipe, so that neither a global
 * ValidationPipe nor class-transformer of the host can change a payload.
 */
import { Delete, Get, Inject, Post, Put, Req, Res } from '@nestjs/common';
import { AnswerHeader } from '../core/answer-headers.js';
import { PushError } from '../core/push-error.js';
import type { Revocation } from '../push/push-types.js';
import { RequiresScope } from '../push/route-scope.js';
import { readBody, readOptionalBody } from './body-reader.js';
import { CallerTenant } from './caller-tenant.js';
import { PushBatchDto } from './dto/push-batch.dto.js';
import { PushEventDto } from './dto/push-event.dto.js';
import { PushMembershipDto } from './dto/push-membership.dto.js';
import { PushMessageDto } from './dto/push-message.dto.js';
import { PushPresenceQueryDto } from './dto/push-presence-query.dto.js';
import { PushRevocationDto } from './dto/push-revocation.dto.js';
import { REST_LIMITS } from './push-rest-options.interface.js';
import type { RestLimits } from './push-rest-options.interface.js';
import { RestAnswers } from './rest-answers.js';
import { groupInPath, invalid, pageInQuery, principalOf, readAll, textInQuery, userInPath } from './rest-request.js';
import type { RestRequest } from './rest-request.js';
import { RestSender } from './rest-sender.js';
import type { SendOutcome } from './rest-sender.js';
import { SendRate } from './send-rate.js';

/** The handlers; createPushController makes a controller of them for each registration of the module. */
export class PushControllerBase {
  constructor(
    @Inject(CallerTenant) private readonly caller: CallerTenant,
    @Inject(RestSender) private readonly sender: RestSender,
    @Inject(RestAnswers) private readonly answers: RestAnswers,
    @Inject(SendRate) private readonly rate: SendRate,
    @Inject(REST_LIMITS) private readonly limits: RestLimits,
  ) {}

  @Post('broadcast')
  @RequiresScope('push:broadcast')
  async broadcast(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    await this.rate.spend(request, response);
    const message = readBody(request, PushEventDto);
    this.accept(response, await this.sender.send(request, 'broadcast', { all: true }, message));
  }

  @Post('users/:userId')
  @RequiresScope('push:send')
  async sendToUser(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    await this.rate.spend(request, response);
    const [user, message] = readAll(
      () => userInPath(request),
      () => readBody(request, PushEventDto),
    );
    this.accept(response, await this.sender.send(request, 'users', { users: [user] }, message));
  }

  @Post('groups/:group')
  @RequiresScope('push:send')
  async sendToGroup(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    await this.rate.spend(request, response);
    const [group, message] = readAll(
      () => groupInPath(request),
      () => readBody(request, PushEventDto),
    );
    this.accept(response, await this.sender.send(request, 'groups', { groups: [group] }, message));
  }

  @Post('messages')
  @RequiresScope('by-target')
  async sendMessage(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    await this.rate.spend(request, response);
    const message = readBody(request, PushMessageDto);
    this.accept(response, await this.sender.send(request, 'messages', message.target, message));
  }

  @Post('batch')
  @RequiresScope('by-target')
  async sendBatch(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    const { messages } = readBody(request, PushBatchDto);
    await this.rate.spend(request, response, messages.length);
    this.accept(response, await this.sender.sendAll(request, 'batch', messages));
  }

  @Put('groups/:group/members/:userId')
  @RequiresScope('push:admin')
  async addMember(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    const [userId, group, body] = readAll(
      () => userInPath(request),
      () => groupInPath(request),
      () => readOptionalBody(request, PushMembershipDto),
    );
    await this.caller.pushOf(request).addToGroup(userId, group, { expiresAt: body?.expiresAt });
    this.answers.send(response, 204);
  }

  @Delete('groups/:group/members/:userId')
  @RequiresScope('push:admin')
  async removeMember(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    const [userId, group] = readAll(
      () => userInPath(request),
      () => groupInPath(request),
    );
    await this.caller.pushOf(request).removeFromGroup(userId, group);
    this.answers.send(response, 204);
  }

  @Get('groups/:group/members')
  @RequiresScope('push:admin')
  async listMembers(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    this.answers.send(
      response,
      200,
      await this.caller.pushOf(request).membersOf(groupInPath(request), pageInQuery(request)),
    );
  }

  @Get('connections')
  @RequiresScope('push:admin')
  async listConnections(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    const filter = { user: textInQuery(request, 'user'), group: textInQuery(request, 'group') };
    this.answers.send(response, 200, await this.caller.pushOf(request).connections(filter, pageInQuery(request)));
  }

  @Delete('connections/:id')
  @RequiresScope('push:admin')
  async closeConnection(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    const outcome = await this.caller
      .pushOf(request)
      .disconnect({ connection: request.params['id'] ?? '' }, byCaller(request));
    // A node that did not answer may have it, and closes it when it hears of this.
    if (outcome.matched === 0 && !outcome.partial)
      throw new PushError('PUSH_ERR_UNKNOWN_CONNECTION', 'there is no such connection');
    this.answers.send(response, 202, outcome);
  }

  @Delete('users/:userId/connections')
  @RequiresScope('push:admin')
  async closeUser(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    const outcome = await this.caller.pushOf(request).disconnect({ user: userInPath(request) }, byCaller(request));
    this.answers.send(response, 202, outcome);
  }

  @Post('revocations')
  @RequiresScope('push:admin')
  async revoke(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    const revocation: unknown = readBody(request, PushRevocationDto);
    // Exactly one member may be there, which is judged by PushService.
    await this.caller.pushOf(request).revoke(revocation as Revocation);
    this.answers.send(response, 204);
  }

  @Get('users/:userId/presence')
  @RequiresScope('push:admin')
  async presenceOfUser(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    const [presence] = await this.caller.pushOf(request).presence([userInPath(request)]);
    this.answers.send(response, 200, presence);
  }

  @Post('presence')
  @RequiresScope('push:admin')
  async presence(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    const { users } = readBody(request, PushPresenceQueryDto);
    const { maxTargets } = this.limits;
    if (users.length > maxTargets) throw invalid('/users', `must not name more than ${maxTargets} users`);
    this.answers.send(response, 200, { items: await this.caller.pushOf(request).presence(users) });
  }

  @Get('stats')
  @RequiresScope('push:admin')
  async stats(@Req() request: RestRequest, @Res() response: unknown): Promise<void> {
    this.answers.send(response, 200, await this.caller.pushOf(request).stats());
  }

  private accept(response: unknown, { body, isReplay, waitSeconds, retryAfterSeconds }: SendOutcome<unknown>): void {
    if (retryAfterSeconds !== undefined)
      this.answers.setHeader(response, AnswerHeader.RetryAfter, String(retryAfterSeconds));
    if (isReplay) this.answers.setHeader(response, AnswerHeader.Replayed, 'true');
    if (waitSeconds !== undefined) this.answers.setHeader(response, AnswerHeader.Preference, `wait=${waitSeconds}`);
    this.answers.send(response, 202, body);
  }
}

/** Whom the token named, for the records of the application. */
function byCaller(request: RestRequest): { readonly by: string | undefined } {
  return { by: principalOf(request)?.userId };
}
