/** What becomes of the answers of the API. */
export interface AnswerOptions {
  answers?: {
    /** Characters of an answer that a model gets at most. Defaults to 100 000. */
    maxSize?: number;
  };
}
