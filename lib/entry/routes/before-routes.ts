import type { Type } from '@nestjs/common';
import { RefusedAnswers } from '../endpoint/refused-answers.js';
import { AnswerHeaders } from './answer-headers.js';
import { EarlyRequests } from './early-requests.js';
import { OversizedHeaders } from './oversized-headers.js';

/** What looks at requests before they come to a route. */
export const BEFORE_ROUTES: readonly Type[] = [EarlyRequests, RefusedAnswers, AnswerHeaders, OversizedHeaders];
