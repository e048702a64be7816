import assert from "node:assert/strict";
import { test } from "node:test";
import { byDistance, far, metres } from "../../offline_sync/tablet/rules/distance";
import { find, plainNames, plateCode, ticketIn } from "../../offline_sync/tablet/rules/search";

const village = (code: string, name: string, search: string) => ({ code, name, town: code.slice(0, 9), search: `${search} ${code}` });
const VILLAGES = [
  village("110109105210", "安家庄村", "安家庄村 anjiazhuangcun ajzc"),
  village("110109101205", "桑峪村", "桑峪村 sangyucun syc"),
  village("110109106220", "桑峪村", "桑峪村 sangyucun syc"),
  village("110109106217", "川底下村", "川底下村 chuandixiacun cdxc 爨底下村 cuandixiacun cdxc"),
  village("110109105204", "西桑峪村", "西桑峪村 xisangyucun xsyc"),
];
const names = (text: string) => find(VILLAGES, text).map(({ name, code }) => name + code.slice(9));

test("a village is found by name, alias, pinyin, initials and code", () => {
  assert.deepEqual(names("爨底下"), ["川底下村217"]);
  assert.deepEqual(names("cdx"), ["川底下村217"]);
  assert.deepEqual(names(" AnJia "), ["安家庄村210"]);
  assert.deepEqual(names("110109105210"), ["安家庄村210"]);
  assert.deepEqual(names("没有"), []);
  assert.equal(names("  ").length, VILLAGES.length);
});

test("a whole word comes before a beginning, a beginning before a part", () => {
  assert.deepEqual(names("桑峪村"), ["桑峪村205", "桑峪村220", "西桑峪村204"]);
  assert.deepEqual(names("syc"), ["桑峪村205", "桑峪村220", "西桑峪村204"]);
});

test("two villages of one name are told apart by their towns", () => {
  const told = plainNames(VILLAGES, new Map([["110109101", "潭柘寺镇"], ["110109106", "斋堂镇"]]));
  assert.equal(told.get("110109101205"), "桑峪村（潭柘寺镇）");
  assert.equal(told.get("110109106220"), "桑峪村（斋堂镇）");
  assert.equal(told.get("110109105210"), "安家庄村");
});

test("plates and enrolment codes are read, other codes are not", () => {
  assert.equal(plateCode("https://xuncun.example/p/110109105210.k3Jx"), "110109105210");
  assert.equal(plateCode(" 110109105210\n"), "110109105210");
  for (const other of ["https://x.example/p/1101091052101", "1101091052", "微信支付", ""]) assert.equal(plateCode(other), null);
  assert.equal(ticketIn("https://xuncun.example/tablet/#enrol=aB3_x-9"), "aB3_x-9");
  assert.equal(ticketIn("https://xuncun.example/tablet/"), null);
  assert.equal(ticketIn(`#enrol=${"x".repeat(101)}`), null);
});

test("distances: one degree of latitude, and how they are said", () => {
  const a = { lat: 39.9, lng: 116.1 };
  assert.ok(Math.abs(metres(a, { lat: 40.9, lng: 116.1 }) - 111_195) < 10);
  assert.equal(metres(a, a), 0);
  assert.deepEqual([20, 349, 940, 960, 9940, 9960, 24_400].map(far),
    ["不到 100 米", "约 350 米", "约 950 米", "约 1.0 公里", "约 9.9 公里", "约 10 公里", "约 24 公里"]);
});

test("nearest first, unknown places last in their order", () => {
  const at = (lat: number | null) => (lat === null ? null : { lat, lng: 116 });
  const order = byDistance([null, 41, 40, null, 39.9].map((lat, i) => ({ i, at: at(lat) })), { lat: 39.94, lng: 116 }, (one) => one.at);
  assert.deepEqual(order.map(({ i }) => i), [4, 2, 1, 0, 3]);
});
