/** The offices' words for what the wire names in English; the same as the desk's (tests/shared/words.json holds both).
 *
 * A word that is not here is shown as it came: the server may know more than this build.
 */
type Words = Readonly<Record<string, string>>;

export const ROLE: Words = {
  inspector: "检查员", town_operator: "镇街专管员", village_committee: "村委会", line_department: "行业部门",
  district_office: "区级办公室", admin: "系统管理员", system: "系统",
};
export const STAGE: Words = {
  dispatched: "待签收", accepted: "整改中", submitted: "待复核", checked: "镇街已核", closed: "已销号", returned: "退单",
  deferred: "挂账", cancelled: "撤销",
};
/** What was done to a task, without its `task.`. */
export const TASK_VERB: Words = {
  dispatch: "派单", accept: "签收", return: "退单", reassign: "转派", submit: "提交整改", reject: "退回整改", pass: "复核通过",
  close: "销号", close_on_site: "现场销号", extend: "申请延期", extend_grant: "批准延期", extend_refuse: "不同意延期", defer: "挂账",
  resume: "恢复整改", cancel: "撤销任务", reopen: "反弹重开", supervise: "督办", note: "补充说明",
  merge: "合并", link: "认定反弹", urge: "催办", propose: "拟发督办单", raise: "提级督办", split: "拆分", sweep: "要求举一反三",
  sweep_answer: "回复举一反三", look_back: "回头看合格", take_back: "撤回",
};
export const VERB: Words = {
  "inspection.submit": "提交检查", "inspection.evidence": "补充取证", "inspection.amend": "更正检查", "inspection.void": "作废检查", "card.dismiss": "知悉提示",
  "village.locate": "标定位置",
};
export const GRADE: Words = { excellent: "优秀", good: "良好", pass: "合格", fail: "不合格" };
export const SEVERITY: Words = { minor: "一般", major: "较重", critical: "严重" };
export const STATUS: Words = {
  applied: "已办理", merged: "已合并办理", noop: "此前已办理", conflict: "转为备注", rejected: "未办理", held: "已收到，待批",
};
export const REASON: Words = {
  scope_lost: "该村已不在提交人的管辖范围内", checklist_unknown: "检查单版本不在系统中", client_too_old: "平板应用版本过旧",
  client_too_new: "平板应用版本新于服务器", duplicate_visit: "本批次该村已有一次检查", round_closed: "批次结果已发布",
  account_disabled: "账号或设备已停用", author_unproven: "由救援包导入，待核对是否本人所写", invalid: "内容不完整或不合规则", internal_error: "系统处理出错",
  forbidden: "岗位权限不含该操作", unknown: "没有找到所指的内容", stale_stage: "任务此前已由上级办理", stale_unit: "任务已转派其他单位",
  same_person: "提交人不能复核自己的整改", photos_missing: "缺少整改后照片",
};
export const ROUND_TYPE: Words = {
  monthly: "月检查", quarterly: "季度检查", annual: "年度评价", special: "专项检查", random: "随机抽查", self: "镇级自查",
};
export const ROUND_STAGE: Words = { planned: "筹备中", started: "进行中", closed: "已结束", published: "已发布" };
export const CHECKLIST: Words = { RE: "农村人居环境", PO: "诗画乡村" };
export const INSPECTION_STAGE: Words = { submitted: "已提交", published: "已发布", void: "已作废" };
/** Reasons said so often that they are a button, by the move. */
export const PHRASES: Readonly<Record<string, readonly string[]>> = {
  submit: ["已按要求整改完毕", "已清理干净", "已修复完好", "已更换或补齐", "已拆除并恢复原貌"],
  reject: ["仍有残留，未清理到位", "照片看不清或不是同一位置", "缺少部分点位的整改照片", "只作遮挡，问题仍在"],
  return: ["不属于本村职责", "位置不在本村范围内", "设施产权属于其他单位"],
  sweep: ["请在全村范围排查同类问题", "请对周边同一路段再排查一遍"],
  sweep_answer: ["已全面排查，未发现同类问题", "排查发现同类问题，已一并整改"],
};

/** The word, or the name itself where there is none. */
export const word = (words: Words, name: string): string => words[name] ?? name;
/** What an act is called: `task.pass` → 复核通过. */
export const verb = (name: string): string => VERB[name] ?? TASK_VERB[name.replace(/^task\./, "")] ?? name;
