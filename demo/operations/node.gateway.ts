import { Inject } from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import { PushGateway } from 'nestjs-push';
import { NodeIdentity } from './node-identity.js';

/** Tells the page which node it is on: asked over the connection, it is that node that answers. */
@PushGateway()
export class NodeGateway {
  constructor(@Inject(NodeIdentity) private readonly node: NodeIdentity) {}

  @SubscribeMessage('node.name')
  name(): { node: string | null } {
    return { node: this.node.name ?? null };
  }
}
