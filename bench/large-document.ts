const SHAPES = 40;

/** A document of so many operations, with schemas that refer to each other, as those of large APIs do. */
export function createDocument(operations: number): object {
  const paths: Record<string, object> = {};
  for (let index = 0; index * 4 < operations; index += 1) {
    const noun = `thing${index}`;
    const shape = { $ref: `#/components/schemas/shape${index % SHAPES}` };
    const json = { 'application/json': { schema: shape } };
    const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
    const answers = { 200: { description: 'Done', content: json } };
    const describe = (verb: string) => ({
      operationId: `${verb}_${noun}`,
      summary: `${verb} ${noun} of a customer`,
      description: `Does what "${verb}" means for ${noun}. Callers need the permission of the customer that owns it.`,
      tags: [`group ${index % 50}`],
      responses: answers,
    });
    const all: [string, string, object][] = [
      [`/customers/{id}/${noun}`, 'get', { ...describe('get'), parameters: [id] }],
      [`/customers/{id}/${noun}`, 'post', { ...describe('create'), parameters: [id], requestBody: { content: json } }],
      [`/customers/{id}/${noun}`, 'patch', { ...describe('update'), parameters: [id], requestBody: { content: json } }],
      [`/customers/{id}/${noun}`, 'delete', { ...describe('delete'), parameters: [id] }],
    ];
    for (const [path, method, operation] of all.slice(0, operations - index * 4))
      paths[path] = { ...paths[path], [method]: operation };
  }
  const schemas = Object.fromEntries(
    Array.from({ length: SHAPES }, (_one, index) => [
      `shape${index}`,
      {
        type: 'object',
        description: 'What belongs to a customer',
        properties: {
          ...Object.fromEntries(
            Array.from({ length: 12 }, (_, field) => [
              `field${field}`,
              { type: 'string', description: `Field ${field}` },
            ]),
          ),
          next: { $ref: `#/components/schemas/shape${(index + 1) % SHAPES}` },
        },
      },
    ]),
  );
  return { openapi: '3.1.0', info: { title: 'Large', version: '1' }, paths, components: { schemas } };
}
