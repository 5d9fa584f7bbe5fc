import { Server, type Transport } from '@modelcontextprotocol/server';

/** Answers `tools/call` with tasks as well: the SDK takes every answer for a result, and gives it the content of one. */
export class TaskingServer extends Server {
  override async connect(transport: Transport): Promise<void> {
    const send = transport.send.bind(transport);
    transport.send = async (message, options) => {
      const isTask = 'result' in message && message.result.resultType === 'task';
      if (!isTask) {
        await send(message, options);
        return;
      }
      const { content, ...task } = message.result;
      await send({ ...message, result: task }, options);
    };
    await super.connect(transport);
  }
}
