import { setTimeout } from 'node:timers/promises';
import { commands, lm, window } from 'vscode';

let calls = 0;

/** An extension that calls tools by the API that chats call them by, and shows what they answer. */
export function activate({ subscriptions }) {
  for (const [command, name] of [
    ['toolCaller.findOrder', 'find_order'],
    ['toolCaller.cancelOrder', 'cancel_order'],
  ]) {
    subscriptions.push(commands.registerCommand(command, () => show(name)));
  }
  const status = window.createStatusBarItem();
  status.text = 'Ready to call';
  status.show();
  subscriptions.push(status);
}

async function show(name) {
  const number = (calls += 1);
  const answer = await call(name).catch((error) => `failed: ${error.message}`);
  void window.showInformationMessage(`Call ${number}: ${answer}`);
}

async function call(name) {
  const { content } = await lm.invokeTool(await nameOf(name), { input: {}, toolInvocationToken: undefined });
  return content.map(({ value }) => value).join('');
}

/** As VS Code calls the tool, as soon as it knows it. */
async function nameOf(name) {
  for (;;) {
    const tool = lm.tools.find((known) => known.name.endsWith(name));
    if (tool) return tool.name;
    await setTimeout(50);
  }
}
