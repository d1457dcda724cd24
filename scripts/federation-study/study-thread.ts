/** A thread of the study: does the tasks it is sent, one at a time. */
import { parentPort } from "node:worker_threads";

import { runTask, type Task } from "./study.ts";

parentPort!.on("message", (task: Task) => {
  void runTask(task).then((result) => parentPort!.postMessage(result));
});
