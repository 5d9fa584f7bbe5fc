import { isJsonObject } from '../json/json-object.js';
import type { AuditEvent } from './audit-event.js';

/** Applies a function to every text of an event. */
export function mapTexts(event: AuditEvent, change: (text: string) => string): AuditEvent {
  const map = (value: unknown): unknown => {
    if (typeof value === 'string') return change(value);
    if (Array.isArray(value)) return value.map(map);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, map(member)]));
  };
  return map(event) as AuditEvent;
}
