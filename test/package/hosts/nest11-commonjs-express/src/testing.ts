// Compiled, not run: a subpath has types in a CommonJS host too.
export * from 'nestjs-push/testing';
