/** The WebSocket subprotocol (RFC 6455 section 1.9) that names this version of the wire. A client may leave it out. */
export const SUBPROTOCOL = 'push.v1';

/** What a browser, which cannot set headers on a WebSocket, puts before its token in the list of subprotocols. */
export const BEARER_SUBPROTOCOL_PREFIX = 'bearer.';
