/** Fastify and Nest themselves log a client that breaks off within the body of a request for a path that is no route of Nest's. */
const BROKEN_OFF = /^(?:Error: aborted|BadRequestError: request aborted)\s+ExceptionsHandler$/;

/** A logger for Nest that reports what is logged as an error: the module's own failures, whatever it answered. */
export function failureLogger(report) {
  const error = (...parts) => {
    const text = parts.join(' ');
    if (!BROKEN_OFF.test(text)) report(text);
  };
  return { log() {}, warn() {}, error, fatal: error };
}
