import { EXIT, TcplabError } from '../errors.ts';
import type { Position } from './model.ts';

/** One thing that is wrong with a scenario, where it stands, and what would be right. */
export interface Problem {
  message: string;
  position: Position;
  /** The line of the file, for the caret. */
  text: string;
  /** How many characters the caret underlines. */
  length: number;
  hint?: string | undefined;
}

/** Invalid scenarios: nothing was started. */
export class ScenarioError extends TcplabError {
  override name = 'ScenarioError';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n\n'), { code: 'SCENARIO', exitCode: EXIT.usage });
    this.problems = problems;
  }
}

/** `file:line:column: message`, the line, a caret, a hint. */
export function formatProblem({ message, position, text, length, hint }: Problem): string {
  const { file, line, column } = position;
  const gutter = `${line} | `;
  const lines = [
    `${file}:${line}:${column}: ${message}`,
    `${gutter}${text}`,
    `${' '.repeat(gutter.length + column - 1)}${'^'.repeat(Math.max(1, length))}`,
  ];
  return [...lines, ...(hint ? [`hint: ${hint}`] : [])].join('\n');
}
