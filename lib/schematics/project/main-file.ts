import { posix } from 'node:path';
import type { Tree } from '@angular-devkit/schematics';
import type typescript from 'typescript';
import type { Platform } from './project.js';
import { applyEdits, findImport, findNode, importEdit, parse, type TextEdit } from './text-edits.js';

type TypeScript = typeof typescript;

/** The file that starts an application. */
export interface MainFile {
  readonly path: string;
  readonly platform: Platform;
  /** File of the module that is started. `undefined` if it is not imported from a file. */
  readonly module: string | undefined;
}

/** Reads the file that starts an application. `undefined` if there is none, or if it creates no application. */
export function readMainFile(tree: Tree, path: string, ts: TypeScript): MainFile | undefined {
  if (!tree.exists(path)) return undefined;
  const file = parse(ts, path, tree.readText(path));
  const call = findCreation(ts, file);
  if (call === undefined) return undefined;
  const [root] = call.arguments;
  const specifier = root !== undefined && ts.isIdentifier(root) ? findImport(ts, file, root.text) : undefined;
  const isFastify = findNode(call, (node) => isNew(ts, node, 'FastifyAdapter')) ?? findNode(file, isFastifyAdapter);
  return {
    path,
    platform: isFastify === undefined ? 'express' : 'fastify',
    module: specifier?.startsWith('.')
      ? `${posix.join(posix.dirname(path), specifier.replace(/\.[cm]?js$/, ''))}.ts`
      : undefined,
  };

  function isFastifyAdapter(node: typescript.Node): node is typescript.NewExpression {
    return isNew(ts, node, 'FastifyAdapter');
  }
}

/**
 * Makes an application that Express serves one that Fastify serves.
 *
 * @throws Error if the application uses what Express alone has
 */
export function useFastify(tree: Tree, path: string, ts: TypeScript): void {
  const text = tree.readText(path);
  const file = parse(ts, path, text);
  const call = findCreation(ts, file);
  const [root, second] = call?.arguments ?? [];
  if (call === undefined || root === undefined) throw new Error(`${path} creates no application`);
  const isPlain = second === undefined || ts.isObjectLiteralExpression(second);
  if (!isPlain || call.typeArguments !== undefined || findImport(ts, file, 'NestExpressApplication') !== undefined) {
    throw new Error(
      `${path} uses what Express alone has. Change it to Fastify by hand, or leave --platform out to stay with Express`,
    );
  }
  const edits: TextEdit[] = [
    { position: call.expression.getEnd(), text: '<NestFastifyApplication>' },
    { position: root.getEnd(), text: ', new FastifyAdapter()' },
    importEdit(ts, file, "import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';"),
  ];
  const listen = findNode(file, (node) => isCallOf(ts, node, 'listen'));
  const [port] = listen?.arguments ?? [];
  // Fastify listens on loopback alone, unless it is told.
  if (port !== undefined && listen?.arguments.length === 1)
    edits.push({ position: port.getEnd(), text: ", '0.0.0.0'" });
  tree.overwrite(path, applyEdits(text, edits));
}

/**
 * Has Nest stop the application on a signal, so that calls finish.
 *
 * @returns whether the file says so now
 */
export function enableShutdownHooks(tree: Tree, path: string, ts: TypeScript): boolean {
  const text = tree.readText(path);
  const file = parse(ts, path, text);
  if (findNode(file, (node) => isCallOf(ts, node, 'enableShutdownHooks')) !== undefined) return true;
  const call = findCreation(ts, file);
  const declaration = call?.parent.parent;
  if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return false;
  const statement = declaration.parent.parent;
  if (!ts.isVariableStatement(statement) || !ts.isIdentifier(declaration.name)) return false;
  const [indent] = /[ \t]*$/.exec(text.slice(0, statement.getStart())) ?? [''];
  const line = `\n${indent}${declaration.name.text}.enableShutdownHooks();`;
  tree.overwrite(path, applyEdits(text, [{ position: statement.getEnd(), text: line }]));
  return true;
}

function findCreation(ts: TypeScript, file: typescript.SourceFile): typescript.CallExpression | undefined {
  return findNode(
    file,
    (node): node is typescript.CallExpression =>
      isCallOf(ts, node, 'create') && node.expression.getText().startsWith('NestFactory'),
  );
}

function isCallOf(ts: TypeScript, node: typescript.Node, method: string): node is typescript.CallExpression {
  return (
    ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === method
  );
}

function isNew(ts: TypeScript, node: typescript.Node, name: string): node is typescript.NewExpression {
  return ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === name;
}
