/** The last lines of a stream that may be endless; a line longer than 4,000 characters keeps its head. */
export class LastLines {
  readonly #most: number;
  #lines: string[] = [];
  #open = '';

  constructor(most: number) {
    this.#most = most;
  }

  push(text: string): void {
    const parts = (this.#open + text).split('\n');
    this.#open = (parts.pop() ?? '').slice(0, 4000);
    this.#lines = [...this.#lines, ...parts.map((part) => part.slice(0, 4000))].slice(-this.#most);
  }

  get text(): string {
    return [...this.#lines, ...(this.#open === '' ? [] : [this.#open])].slice(-this.#most).join('\n');
  }
}
