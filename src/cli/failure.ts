/** How a failure is told, to people and to programs, and which exit code it ends in. */
import { KerbError } from '../errors.ts';
import { EXIT, InterruptedError, UsageError } from './command.ts';
import { linesOf, printJson, remark, styled, type Line, type Writer } from './output.ts';
import { AnswerError, ProblemError, UnreachableError } from './problem.ts';

/** What to do about a refusal, by its code, where the server cannot know the option's name. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['wider_capabilities', 'read the list; if that is what you want, say so with --accept-wider'],
  ['precondition_failed', 'look again with kerb tenant show, and name the revision you see with --if-match'],
  ['signature_required', 'sign the module with a key of this tenant'],
  ['rate_limited', 'wait a little and try again'],
  ['draining', 'the server is about to end or to start anew; try again'],
]);

/**
 * Tells what a command threw and answers the exit code. With `--json` the failure is a document on standard output as well:
 * `{"error": {message, code, status, errors}}`. An error of no known kind is thrown again: a fault of the program is not the user's.
 */
export function tellFailure(error: unknown, name: string, writer: Writer): number {
  if (error instanceof InterruptedError) return EXIT.interrupted;
  const exit = exitOf(error);
  if (exit === null || !(error instanceof Error)) throw error;
  remark(writer, ...failureLines(error, name));
  if (writer.json) printJson(writer, { error: failureDocument(error) });
  return exit;
}

function exitOf(error: unknown): number | null {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof UnreachableError) return EXIT.unreachable;
  const isRefusal = error instanceof ProblemError || error instanceof AnswerError || error instanceof KerbError;
  return isRefusal ? EXIT.failed : null;
}

function failureLines(error: Error, name: string): Line[] {
  const [first = '', ...rest] = linesOf(error.message);
  const remedy = error instanceof ProblemError ? REMEDIES.get(error.code ?? '') : undefined;
  return [
    [styled('red', `kerb${name === '' ? '' : ` ${name}`}: `), first],
    ...rest.map((line) => `  ${line}`),
    ...faultsOf(error).map((fault) => `  - ${fault}`),
    ...(remedy === undefined ? [] : [`  ${remedy}`]),
    ...(error instanceof UsageError
      ? [[styled('dim', `  kerb help${name === '' ? '' : ` ${name}`} shows how it is used`)]]
      : []),
  ];
}

function faultsOf(error: Error): readonly string[] {
  if (error instanceof ProblemError) return error.errors;
  return error instanceof KerbError ? error.details : [];
}

function failureDocument(error: Error): Record<string, unknown> {
  const errors = faultsOf(error);
  if (error instanceof ProblemError) return { message: error.message, code: error.code, status: error.status, errors };
  return {
    message: error.message,
    code: error instanceof KerbError ? error.code : codeOf(error),
    status: null,
    errors,
  };
}

function codeOf(error: Error): string {
  if (error instanceof UsageError) return 'usage';
  return error instanceof UnreachableError ? 'unreachable' : 'not_kerb';
}
