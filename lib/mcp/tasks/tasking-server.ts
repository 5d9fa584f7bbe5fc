import { Server, type Transport } from '@modelcontextprotocol/server';

/** Answers `tools/call` with tasks too. The SDK adds `content` to every answer; it is removed from a task here. */
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
