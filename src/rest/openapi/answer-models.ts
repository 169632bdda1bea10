/** What the routes answer, as classes that swagger reads. Nobody creates one: their shapes are those of push-types.ts. */
import { schemaOf } from './openapi-types.js';
import type { OpenApiProperties, OpenApiProperty } from './openapi-types.js';

const TEXT: OpenApiProperty = { required: true, type: () => String };
const COUNT: OpenApiProperty = { required: true, type: () => Number, minimum: 0 };
const FLAG: OpenApiProperty = { required: true, type: () => Boolean };
const MOMENT: OpenApiProperty = { ...TEXT, format: 'date-time' };
const SCOPE: OpenApiProperty = { ...TEXT, enum: ['node', 'cluster'], description: 'Whose counts: one node, or all' };
const CURSOR: OpenApiProperty = {
  ...TEXT,
  nullable: true,
  description: 'Hand it in for the next page; null on the last',
};

class PushErrorDetailModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      pointer: { ...TEXT, description: 'RFC 6901 pointer into the body, or the name of a parameter' },
      detail: TEXT,
    };
  }
}

/** RFC 9457. */
export class PushProblemModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      type: { ...TEXT, example: 'about:blank' },
      title: TEXT,
      status: { ...COUNT, example: 400 },
      detail: TEXT,
      code: { ...TEXT, example: 'invalid_argument', description: 'Stable, for programs' },
      errors: { required: false, type: () => [PushErrorDetailModel] },
      statusCode: COUNT,
      message: {
        required: true,
        type: () => Object,
        oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
      },
      error: TEXT,
    };
  }
}

class PushMatchCountModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return { users: COUNT, connections: COUNT };
  }
}

export class PushReceiptModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      id: TEXT,
      duplicate: { ...FLAG, description: 'Sent before with the same key; nothing was sent now' },
      matched: { required: true, type: () => PushMatchCountModel, description: 'Found in the routing table' },
      written: { ...COUNT, description: 'Connections whose transport had taken the message' },
      scope: SCOPE,
      partial: {
        required: false,
        type: () => Boolean,
        description:
          'The wait was over before every connection had taken or lost the message and every node had answered',
      },
    };
  }
}

export class PushBatchResultsModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    const items = { oneOf: [schemaOf(PushReceiptModel), schemaOf(PushProblemModel)] };
    return {
      results: {
        required: true,
        type: () => Object,
        items,
        isArray: true,
        description: 'In the order of the messages',
      },
    };
  }
}

class PushMembershipModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return { userId: TEXT, expiresAt: { ...MOMENT, required: false } };
  }
}

export class PushMembershipPageModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return { items: { required: true, type: () => [PushMembershipModel] }, cursor: CURSOR };
  }
}

class PushConnectionModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      connectionId: TEXT,
      userId: TEXT,
      groups: { required: true, type: () => [String] },
      transport: { ...TEXT, enum: ['ws', 'sse', 'poll'] },
      node: TEXT,
      address: TEXT,
      connectedAt: MOMENT,
    };
  }
}

export class PushConnectionPageModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return { items: { required: true, type: () => [PushConnectionModel] }, cursor: CURSOR };
  }
}

export class PushClosedModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      matched: { ...COUNT, description: 'Connections that were told to end' },
      partial: { required: false, type: () => Boolean, description: 'A node did not answer in time; it does so later' },
    };
  }
}

export class PushPresenceModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return { userId: TEXT, online: FLAG, connections: COUNT };
  }
}

export class PushPresenceListModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return { items: { required: true, type: () => [PushPresenceModel] } };
  }
}

class PushTransportCountModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return { ws: COUNT, sse: COUNT, poll: COUNT };
  }
}

export class PushStatsModel {
  static _OPENAPI_METADATA_FACTORY(): OpenApiProperties {
    return {
      scope: SCOPE,
      users: COUNT,
      connections: { required: true, type: () => PushTransportCountModel },
      groups: COUNT,
      nodes: COUNT,
    };
  }
}
