// Compiled, not run: the subpath has types.
export * from 'nestjs-push/testing';
