/**
 * The name of a tenant as part of keys, channels and hash tags: letters, digits and `.` `_` `-` `%` alone, so that it can
 * neither end a tag nor be taken for what stands beside it. No two names are written the same, and none is a name that
 * the keys of the default tenant have in its place.
 */
export function escapeTenant(tenant: string): string {
  return encodeURIComponent(tenant).replaceAll(
    /[!'()*~]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The name that was escaped. */
export function unescapeTenant(escaped: string): string {
  return decodeURIComponent(escaped);
}
