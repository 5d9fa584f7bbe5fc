import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { locate, type Located, type OpenApiDocument } from './open-api-document.js';
import { Swagger2Copy } from './swagger-2-copy.js';
import { convertParameters, firstList } from './swagger-2-parameters.js';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

/**
 * Converts a Swagger 2.0 document to OpenAPI 3.0. What `@scalar/openapi-upgrader` gets wrong is written as it should be
 * before: parameters and bodies, what is shared by `$ref`, and media types.
 *
 * @param document - with all files that it refers to
 */
export async function upgradeSwagger2(document: OpenApiDocument): Promise<JsonObject> {
  const copy = new Swagger2Copy(document);
  const {
    parameters: _parameters,
    responses: _responses,
    consumes: _consumes,
    produces: _produces,
    ...rest
  } = document.root.value;
  const paths = convertPaths(document, copy);
  const root = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, name === 'paths' ? paths : copy.of(value, document.file)]),
  );
  const definitions = { ...(isJsonObject(root.definitions) ? root.definitions : {}), ...copy.takeHoisted() };
  const { upgradeFromTwoToThree } = await import('@scalar/openapi-upgrader/2.0-to-3.0');
  const upgraded = upgradeFromTwoToThree({
    ...root,
    ...readServer(root),
    swagger: '2.0',
    definitions,
    securityDefinitions: selectObjects(root.securityDefinitions),
  }) as JsonObject;
  const { components } = upgraded;
  // Other files may refer to it by its old place.
  return { ...upgraded, definitions: isJsonObject(components) ? components.schemas : {} };
}

function convertPaths(document: OpenApiDocument, copy: Swagger2Copy): JsonObject {
  const paths = locate(document.root, 'paths');
  const items = Object.keys(isJsonObject(paths.value) ? paths.value : {}).map((path) => {
    const node = locate(paths, path);
    return [path, path.startsWith('/') ? convertItem(document, copy, node) : node.value];
  });
  return Object.fromEntries(items) as JsonObject;
}

function convertItem(document: OpenApiDocument, copy: Swagger2Copy, node: Located): unknown {
  const item = copy.tryFollow(node);
  if (!item || !isJsonObject(item.value)) return node.value;
  const operations = Object.keys(item.value)
    .filter((name) => METHODS.includes(name))
    .map((name) => locate(item, name))
    .filter((operation) => isJsonObject(operation.value))
    .map((operation) => [operation.pointer.split('/').at(-1), convertOperation(document, copy, item, operation)]);
  const { summary, description } = item.value;
  return {
    ...(typeof summary === 'string' && { summary }),
    ...(typeof description === 'string' && { description }),
    ...(Object.fromEntries(operations) as JsonObject),
  };
}

function convertOperation(
  document: OpenApiDocument,
  copy: Swagger2Copy,
  item: Located,
  operation: Located,
): JsonObject {
  const { parameters: _parameters, consumes, produces, responses, ...rest } = operation.value as JsonObject;
  const { root } = document;
  return {
    ...(copy.of(rest, operation.file) as JsonObject),
    ...convertParameters(
      copy,
      [locate(item, 'parameters'), locate(operation, 'parameters')],
      [consumes, root.value.consumes],
    ),
    produces: firstList(produces, root.value.produces) ?? ['application/json'],
    responses: isJsonObject(responses) ? convertResponses(copy, locate(operation, 'responses')) : {},
  };
}

function convertResponses(copy: Swagger2Copy, responses: Located): JsonObject {
  const codes = Object.keys(responses.value as JsonObject).flatMap((code) => {
    const response = copy.tryFollow(locate(responses, code));
    return response && isJsonObject(response.value) ? [[code, copy.of(response.value, response.file)]] : [];
  });
  return Object.fromEntries(codes) as JsonObject;
}

/** Where the API is. The upgrader takes `http` where no scheme is said. */
function readServer({ host, basePath, schemes }: JsonObject): JsonObject {
  const all = firstList(schemes) ?? ['https'];
  return {
    schemes: [...all].sort((one, other) => Number(other === 'https') - Number(one === 'https')),
    ...(typeof host === 'string' ? { host } : { host: undefined }),
    ...(typeof basePath === 'string' && { basePath: basePath.startsWith('/') ? basePath : `/${basePath}` }),
  };
}

function selectObjects(value: unknown): JsonObject {
  return Object.fromEntries(Object.entries(isJsonObject(value) ? value : {}).filter(([, one]) => isJsonObject(one)));
}
