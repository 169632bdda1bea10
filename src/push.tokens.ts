/** The options, checked and with their defaults. */
export const PUSH_OPTIONS = 'PUSH_OPTIONS';
/** The backing that the options chose. */
export const PUSH_BACKING = 'PUSH_BACKING';
/** The time source; tests put a manual one in its place. */
export const PUSH_CLOCK = 'PUSH_CLOCK';
/** The name of this process among the nodes. */
export const PUSH_NODE_ID = 'PUSH_NODE_ID';
/** What judges outgoing data; null where nothing does. */
export const OUTGOING_CHECK = 'PUSH_OUTGOING_CHECK';
/** Whether there is anything that could find a token good; without it nobody can connect. */
export const HAS_AUTHENTICATION = 'PUSH_HAS_AUTHENTICATION';
