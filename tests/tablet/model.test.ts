import assert from "node:assert/strict";
import { test } from "node:test";
import { Trouble } from "../../offline_sync/tablet/tablet";

test("a trouble carries its code and its sentence", () => {
  const trouble = new Trouble("storage_full", "空间不足，请先上传。", { free: 1 });
  assert.deepEqual([trouble.code, trouble.message, trouble.more.free], ["storage_full", "空间不足，请先上传。", 1]);
});
