import type { INestApplicationContext } from '@nestjs/common';
import { asyncApiDocument } from './async-api.js';
import type { AsyncApiDocument, AsyncApiOptions } from './async-api.js';
import { describeWire } from './open-api.js';
import type { OpenApiDocument } from './open-api.js';
import { WireDescription } from './wire-description.js';

/** What providers are asked of: an application, or `ModuleRef`. */
type Application = Pick<INestApplicationContext, 'get'>;

/**
 * The AsyncAPI 3.0 document of the application: its connections, the frames of the protocol, its declared events and the
 * events that its `@SubscribeMessage` handlers take. Throws where PushModule is not imported.
 */
export function pushAsyncApi(app: Application, options?: AsyncApiOptions): AsyncApiDocument {
  return asyncApiDocument(app.get(WireDescription, { strict: false }), options);
}

/**
 * Adds the declared events to a document of `SwaggerModule.createDocument()` and answers it: the bodies of the REST
 * routes then say what the data of each event is. Adds the routes for tickets and for trying a handshake too. Throws
 * where PushModule is not imported.
 */
export function pushOpenApi<Document extends OpenApiDocument>(app: Application, document: Document): Document {
  return describeWire(app.get(WireDescription, { strict: false }), document);
}
