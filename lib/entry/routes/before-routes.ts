import type { Type } from '@nestjs/common';
import { AnswerHeaders } from './answer-headers.js';
import { EarlyRequests } from './early-requests.js';

/** What looks at requests before they come to a route. */
export const BEFORE_ROUTES: readonly Type[] = [EarlyRequests, AnswerHeaders];
