import type { Type } from '@nestjs/common';

type Validators = Pick<typeof import('class-validator'), 'getMetadataStorage'>;

/** What `class-transformer` knows of properties. */
export interface PropertyTypes {
  findTypeMetadata(target: object, property: string): { readonly typeFunction: () => unknown } | undefined;
  findTransformMetadatas(target: object, property: string, direction: number): readonly unknown[];
}

/** Decorators that no text passes. */
const DATE_CHECKS: ReadonlySet<string | undefined> = new Set(['isDate', 'minDate', 'maxDate']);

/** Of `TransformationType` of `class-transformer`. */
const PLAIN_TO_CLASS = 0;

/**
 * Finds properties that have to be dates, where nothing makes a date of the text that clients send. No arguments would
 * fit.
 *
 * @returns their names, each with its class
 */
export function findUnreadableDates(
  type: Type<object>,
  validators: Validators,
  types: PropertyTypes,
  seen = new Set<Type<object>>(),
): readonly string[] {
  if (seen.has(type)) return [];
  seen.add(type);
  const checks = validators.getMetadataStorage().getTargetValidationMetadatas(type, '', true, false);
  const found = new Set<string>();
  for (const { propertyName, name } of checks) {
    const made = types.findTypeMetadata(type, propertyName)?.typeFunction();
    const isTransformed = types.findTransformMetadatas(type, propertyName, PLAIN_TO_CLASS).length > 0;
    if (DATE_CHECKS.has(name) && made !== Date && !isTransformed) found.add(`${type.name}.${propertyName}`);
    if (typeof made !== 'function') continue;
    for (const nested of findUnreadableDates(made as Type<object>, validators, types, seen)) found.add(nested);
  }
  return [...found];
}
