import { join } from 'node:path';
import ts from 'typescript';
import { projectRoot } from './markdown.js';

/** An option as its declaration says it. */
export interface DeclaredOption {
  /** Such as `auth.jwt.secret`. */
  readonly path: string;
  /** The text of `@default`, undefined where there is none. */
  readonly byDefault: string | undefined;
}

/** Interfaces whose members are options of their own, named by a path. */
const SLICE = /(Options|Limits|Paths)$/;

/**
 * Reads the members of an interface of push-options.interface.ts with the compiler, those of its slices by path. What
 * the compiler sees is what a host can write: nothing can be an option and escape this.
 */
export function declaredOptions(interfaceName: string): readonly DeclaredOption[] {
  const file = join(projectRoot, 'src/push-options.interface.ts');
  const configuration = ts.readConfigFile(join(projectRoot, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(configuration.config, ts.sys, projectRoot);
  const program = ts.createProgram([file], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const declaration = source?.statements
    .filter((statement) => ts.isInterfaceDeclaration(statement))
    .find(({ name }) => name.text === interfaceName);
  if (!declaration) throw new Error(`push-options.interface.ts declares no ${interfaceName}`);
  return membersOf(checker, checker.getTypeAtLocation(declaration), '');
}

function membersOf(checker: ts.TypeChecker, type: ts.Type, prefix: string): readonly DeclaredOption[] {
  return checker.getPropertiesOfType(type).flatMap((member) => {
    const path = prefix + member.name;
    const own = { path, byDefault: defaultOf(member) };
    const slice = sliceOf(checker.getNonNullableType(checker.getTypeOfSymbol(member)));
    return slice ? [own, ...membersOf(checker, slice, `${path}.`)] : [own];
  });
}

function sliceOf(type: ts.Type): ts.Type | undefined {
  const candidates = type.isUnion() ? type.types : [type];
  return candidates.find((candidate) => SLICE.test(candidate.symbol?.name ?? '') && isOurs(candidate));
}

function isOurs(type: ts.Type): boolean {
  const file = type.symbol.declarations?.[0]?.getSourceFile().fileName ?? '';
  return file.startsWith(join(projectRoot, 'src/'));
}

function defaultOf(member: ts.Symbol): string | undefined {
  const tag = member.getJsDocTags().find(({ name }) => name === 'default');
  return tag && ts.displayPartsToString(tag.text);
}
