/** Characters of a text of a document that are looked at. */
const MAX_TEXT = 20_000;

/** What a reader does not see, but a model does; and what moves a cursor or turns the direction of writing. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Variation_Selector}]/gu;

/** Elements of HTML that begin a new line, and others that descriptions have. All else in angles is text: `List<Order>`. */
const BLOCKS = 'p|br|div|ul|ol|dl|dt|dd|tr|table|thead|tbody|h[1-6]|pre|blockquote|hr|section|details|summary';
const SPANS =
  'a|b|i|u|s|em|strong|code|span|small|sub|sup|tt|kbd|var|samp|font|center|img|td|th|del|ins|mark|abbr|q|cite';
const BLOCK = new RegExp(`</?(?:${BLOCKS})\\b[^<>]{0,1000}>`, 'gi');
const SPAN = new RegExp(`</?(?:${SPANS})\\b[^<>]{0,1000}>`, 'gi');

const ENTITIES = {
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&quot;': '"',
  '&apos;': "'",
  '&#39;': "'",
  '&nbsp;': ' ',
} as const;

/**
 * Makes the text of a document, which may be Markdown (CommonMark) or HTML, plain text for a model: without marks, links,
 * comments, and without characters that nobody sees.
 */
export function toPlainText(text: string): string {
  const seen = removeUnseen(text.slice(0, MAX_TEXT));
  const parts = removeComments(seen).split(/(`[^`]*`)/);
  return tidy(parts.map((part, index) => (index % 2 === 1 ? part : removeMarks(part))).join(''));
}

/** Makes the text of a document one line of limited length. */
export function toPlainLine(text: string, maxLength: number): string {
  const line = toPlainText(text).replace(/\s+/g, ' ');
  const [first] = cutAfterSentence(line, maxLength);
  return first;
}

/**
 * Cuts a text after a sentence, or after a word if no sentence is short enough.
 *
 * @param maxLength - in characters
 * @returns what is left of the text, and the rest
 */
export function cutAfterSentence(text: string, maxLength: number): readonly [first: string, rest: string] {
  if (text.length <= maxLength) return [text, ''];
  let end = 0;
  for (const { index, 0: mark } of text.matchAll(/[.!?]["')\]]*(?=\s+[^\sa-z])|[。！？]|\n/g)) {
    if (index + mark.length > maxLength) break;
    end = index + mark.length;
  }
  // A sentence that is much shorter would say too little.
  if (end >= maxLength / 3) return [text.slice(0, end).trim(), text.slice(end).trim()];
  const space = text.lastIndexOf(' ', maxLength - 1);
  const cut = space >= maxLength / 3 ? space : maxLength - 1;
  const first = text.slice(0, cut).replace(/[\uD800-\uDBFF]$/, '');
  return [`${first.trim()}…`, text.slice(first.length).trim()];
}

function removeUnseen(text: string): string {
  return text
    .replace(/\r\n?|[\p{Zl}\p{Zp}]/gu, '\n')
    .replaceAll('\t', ' ')
    .replace(UNSEEN, (character) => (character === '\n' ? '\n' : ''));
}

function removeComments(text: string): string {
  const [first = '', ...others] = text.split('<!--');
  return first + others.map((one) => one.split('-->').slice(1).join('-->')).join('');
}

function removeMarks(text: string): string {
  return text
    .replace(/<li\b[^<>]{0,1000}>/gi, '\n- ')
    .replace(/<\/li>/gi, '')
    .replace(BLOCK, '\n')
    .replace(SPAN, '')
    .replace(/!?\[([^[\]]{0,500})\]\([^()\s]{0,2000}(?: "[^"]{0,200}")?\)/g, '$1')
    .replace(/^ {0,3}#{1,6} +/gm, '')
    .replace(/(\*\*|__)(?=\S)([^*_\n]{1,500})\1/g, '$2')
    .replace(/&(?:lt|gt|amp|quot|apos|nbsp|#39);/g, (entity) => ENTITIES[entity as keyof typeof ENTITIES]);
}

/** Leaves out what only lays out: lines of tables, spaces, and more than one empty line. */
function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, ' ').trim())
    .filter((line) => !/^[|:\- ]*\|[|:\- ]*$/.test(line))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
