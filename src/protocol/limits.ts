/** Sizes that both ends keep, whatever the options say. Lengths are in UTF-16 code units unless the name says bytes. */

/** Longest user id. */
export const MAX_USER_ID_LENGTH = 255;
/** Longest group name. */
export const MAX_GROUP_LENGTH = 128;
/** Longest name of a tenant. */
export const MAX_TENANT_LENGTH = 128;
/** Longest event name. */
export const MAX_EVENT_LENGTH = 128;
/** Longest `ref` of a client frame. */
export const MAX_REF_LENGTH = 128;
/** Longest cursor; a longer text is refused with 400. */
export const MAX_CURSOR_LENGTH = 1024;
/** Longest reason of a close frame: 125 bytes of payload less the code (RFC 6455 section 5.5.1). */
export const MAX_CLOSE_REASON_BYTES = 123;
/** Deepest nesting of arrays and objects in a frame or in `data`. */
export const MAX_JSON_DEPTH = 128;
