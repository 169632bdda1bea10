/**
 * `node host-compiler.mjs <configuration>`, in a host: compiles it as `tsc` does, libraries checked, and prints the
 * complaints about the host itself and about the declarations of the tarball. What is wrong in other packages is not
 * looked for: it is not ours to mend, and would be most of the work.
 */
import { relative, sep } from 'node:path';
import ts from 'typescript';

const [, , configuration = 'tsconfig.json'] = process.argv;

const { fileNames, options, errors } = ts.getParsedCommandLineOfConfigFile(configuration, undefined, {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
    throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
  },
});
const program = ts.createProgram({ rootNames: fileNames, options, configFileParsingDiagnostics: errors });

function isOurs({ fileName }) {
  const [folder, name] = relative(process.cwd(), fileName).split(sep);
  return folder !== '..' && (folder !== 'node_modules' || name === 'nestjs-push');
}

const ours = program.getSourceFiles().filter(isOurs);
const declarations = ours.filter(({ isDeclarationFile }) => isDeclarationFile);
if (declarations.length === 0) throw new Error('the host has no declarations of the tarball');

const complaints = [
  ...program.getConfigFileParsingDiagnostics(),
  ...program.getOptionsDiagnostics(),
  ...program.getGlobalDiagnostics(),
  ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  // File by file: to emit all at once is to check all of them.
  ...ours.filter((file) => !file.isDeclarationFile).flatMap((file) => program.emit(file).diagnostics),
];
const format = {
  getCurrentDirectory: ts.sys.getCurrentDirectory,
  getCanonicalFileName: String,
  getNewLine: () => '\n',
};
process.stdout.write(ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics(complaints), format));
