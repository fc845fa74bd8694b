/** Completion scripts: what can follow which words, in the languages of three shells. */

/** A word that can come next. */
export interface Completion {
  readonly word: string;
  readonly help: string;
}

/** What can follow `kerb` and `words`. */
export interface Completions {
  readonly words: readonly string[];
  readonly summary: string;
  readonly next: readonly Completion[];
  readonly options: readonly (Completion & { readonly takesValue: boolean; readonly choices: readonly string[] })[];
  /** Paths can follow. */
  readonly files: boolean;
}

/** Text as one word of a POSIX shell; fish reads it the same, but for backslashes, of which help texts have none. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '').replaceAll("'", "'\\''")}'`;
}

function wordsOf({ next, options }: Completions): string {
  return [...next, ...options].map(({ word }) => word).join(' ');
}

/** Every option that has choices, once. */
function choicesOf(completions: readonly Completions[]): Map<string, readonly string[]> {
  const options = completions.flatMap((at) => at.options).filter(({ choices }) => choices.length > 0);
  return new Map(options.map(({ word, choices }) => [word, choices]));
}

/** Words, then a line for each place: bash and zsh differ in how they name the words and answer. */
function caseLines(completions: readonly Completions[]): string[] {
  const longestFirst = completions.toSorted((a, b) => b.words.length - a.words.length);
  return longestFirst.map((at) => {
    const pattern = at.words.length === 0 ? '*' : `${quoted(at.words.join(' '))}|${quoted(`${at.words.join(' ')} `)}*`;
    return `    ${pattern}) words=${quoted(wordsOf(at))}; files=${at.files ? 1 : 0} ;;`;
  });
}

function choiceLines(completions: readonly Completions[]): string[] {
  return [...choicesOf(completions)].map(
    ([word, choices]) => `    ${quoted(word)}) words=${quoted(choices.join(' '))}; files=0 ;;`,
  );
}

/** A script for bash 3.2 and later. */
export function bashScript(completions: readonly Completions[]): string[] {
  return [
    '# Completion of kerb for bash.',
    '_kerb() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} line words files=0',
    '  line="${COMP_WORDS[*]:1:COMP_CWORD-1}"',
    '  case "$line" in',
    ...caseLines(completions),
    '  esac',
    '  case "${COMP_WORDS[COMP_CWORD-1]}" in',
    ...choiceLines(completions),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '  if [ "$files" = 1 ] || [ "${#COMPREPLY[@]}" = 0 ]; then COMPREPLY+=($(compgen -f -- "$current")); fi',
    '}',
    'complete -o filenames -F _kerb kerb',
  ];
}

/** A script for zsh 5. */
export function zshScript(completions: readonly Completions[]): string[] {
  return [
    '#compdef kerb',
    '# Completion of kerb for zsh.',
    '_kerb() {',
    '  local line words_of_line files=0',
    '  line="${(j: :)words[2,CURRENT-1]}"',
    '  local previous="${words[CURRENT-1]}"',
    '  case "$line" in',
    ...caseLines(completions).map((text) => text.replace(' words=', ' words_of_line=')),
    '  esac',
    '  case "$previous" in',
    ...choiceLines(completions).map((text) => text.replace(' words=', ' words_of_line=')),
    '  esac',
    '  compadd -- ${(s: :)words_of_line}',
    '  if [[ "$files" == 1 || -z "$words_of_line" ]]; then _files; fi',
    '}',
    'compdef _kerb kerb',
  ];
}

/** A script for fish 3. */
export function fishScript(completions: readonly Completions[]): string[] {
  return [
    '# Completion of kerb for fish.',
    'function __kerb_at',
    '  set -l line (commandline -opc)[2..-1]',
    '  test (count $line) -ge (count $argv); or return 1',
    '  test (count $argv) -eq 0; and test (count $line) -gt 0; and return 1',
    '  test (count $argv) -eq 0; and return 0',
    '  test "$line[1..(count $argv)]" = "$argv"',
    'end',
    'complete -c kerb -f',
    ...completions.flatMap(fishLines),
  ];
}

function fishLines(at: Completions): string[] {
  const condition = `-n ${quoted(['__kerb_at', ...at.words].join(' '))}`;
  return [
    ...at.next.map(({ word, help }) => `complete -c kerb ${condition} -a ${quoted(word)} -d ${quoted(help)}`),
    ...at.options.map(({ word, help, takesValue, choices }) => {
      const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
      return `complete -c kerb ${condition} -l ${word.slice(2)} -d ${quoted(help)}${value}`;
    }),
    ...(at.files ? [`complete -c kerb ${condition} -F`] : []),
  ];
}
