"""Every word for what programs name in English: verbs, roles, stages, reasons; the offices' own words.

What a desk says after an act stands in `done_words.py`. A verb without a word here fails a test. Filters of the same names (`filters.py`) bring them onto pages.
"""

from templates.done_words import DONE as DONE

ROLE: dict[str, str] = {
    "inspector": "检查员",
    "town_operator": "镇街专管员",
    "village_committee": "村委会",
    "line_department": "行业部门",
    "district_office": "区级办公室",
    "admin": "系统管理员",
    "system": "系统",
}

# What was done, as the history and the trail tell it.
VERB: dict[str, str] = {
    "inspection.submit": "提交检查",
    "inspection.evidence": "补充取证",
    "inspection.amend": "更正检查",
    "inspection.void": "作废检查",
    "round.open": "开启批次",
    "round.close": "结束批次",
    "round.publish": "发布结果",
    "assignment.withdraw": "撤回检查安排",
    "assignment.replace": "改派检查员",
    "veto.decide": "认定一票否决",
    "photo.waive": "免补照片",
    "photo.stored": "照片入库",
    "photo.refused": "照片不合格",
    "photo.preview": "收到预览图",
    "task.dispatch": "派单",
    "task.accept": "签收",
    "task.return": "退单",
    "task.reassign": "转派",
    "task.submit": "提交整改",
    "task.reject": "退回整改",
    "task.pass": "复核通过",
    "task.close": "销号",
    "task.close_on_site": "现场销号",
    "task.extend": "申请延期",
    "task.extend_grant": "批准延期",
    "task.extend_refuse": "不同意延期",
    "task.defer": "挂账",
    "task.resume": "恢复整改",
    "task.cancel": "撤销任务",
    "task.reopen": "反弹重开",
    "task.supervise": "督办",
    "task.merge": "合并",
    "task.link": "认定反弹",
    "task.note": "补充说明",
    "task.urge": "催办",
    "task.split": "拆分",
    "task.sweep": "要求举一反三",
    "task.sweep_answer": "回复举一反三",
    "task.look_back": "回头看合格",
    "task.take_back": "撤回",
    "task.propose": "拟发督办单",
    "task.raise": "提级督办",
    "ladder.run": "逐级催办",
    "letter.issue": "印发督办单",
    "letter.print": "打印督办单",
    "look_back.see": "查看回头看",
    "look_back.fix": "定回头看种子",
    "look_back.draw": "抽取回头看",
    "look_back.replace": "回头看换人",
    "shares.see": "查看抽取比例",
    "shares.set": "调整抽取比例",
    "card.dismiss": "知悉提示",
    "card.print": "打印评分表",
    "plate.print": "打印村牌",
    "card.issue": "印发评分表",
    "sheet.print": "打印整改通知单",
    "sheet.issue": "印发整改通知单",
    "village.locate": "标定位置",
    "see": "查看",
    "trail.see": "查看操作记录",
    "figures.see": "查看统计",
    "ledger.bring": "带入台账",
    "held.decide": "办理待批",
    "held.remind": "提醒待批",
    "rescue.import": "导入救援包",
    "people.see": "查看人员",
    "person.create": "开通账号",
    "person.reset": "重置密码",
    "person.password": "修改本人密码",
    "person.disable": "停用账号",
    "person.enable": "启用账号",
    "person.posts": "调整岗位",
    "person.post_add": "增加岗位",
    "person.post_end": "结束岗位",
    "session.revoke": "退出登录设备",
    "enrol.issue": "生成设备登记码",
    "device.enrol": "登记设备",
    "device.revoke": "停用设备",
    "district.found": "建立区域",
    "district.restore": "由备份恢复",
    "backup.take": "备份",
    "checklist.publish": "发布检查单",
}

# What is said so often that it is a button: reasons and reports, by the verb of the form.
PHRASES: dict[str, tuple[str, ...]] = {
    "submit": ("已按要求整改完毕", "已清理干净", "已修复完好", "已更换或补齐", "已拆除并恢复原貌"),
    "reject": (
        "仍有残留，未清理到位",
        "照片看不清或不是同一位置",
        "缺少部分点位的整改照片",
        "只作遮挡，问题仍在",
    ),
    "return": ("不属于本村职责", "位置不在本村范围内", "设施产权属于其他单位"),
    "return_department": ("不属于本部门职责", "设施产权属于其他单位", "现场没有找到这个问题"),
    "sweep": ("请在全村范围排查同类问题", "请对周边同一路段再排查一遍"),
    "sweep_answer": ("已全面排查，未发现同类问题", "排查发现同类问题，已一并整改"),
    "reassign": ("按属地调整责任单位", "按产权调整责任单位", "核实后退单属实"),
    "cancel": ("重复派单", "经核实问题不存在"),
}

STAGE: dict[str, str] = {
    "dispatched": "待签收",
    "accepted": "整改中",
    "submitted": "待复核",
    "checked": "镇街已核",
    "closed": "已销号",
    "returned": "退单",
    "deferred": "挂账",
    "cancelled": "撤销",
}
DEVICE_MARK: dict[str, str] = {
    "waiting": "有内容久未上传",
    "space": "空间不足",
    "silent": "多天没有联网",
    "clock": "时钟不准",
    "build": "版本较旧",
}
MARK: dict[str, str] = {
    "overdue": "逾期",
    "due_soon": "临期",
    "supervised": "督办",
    "reopened": "反弹",
    "rejected": "曾退回",
    "basis_gone": "依据已撤",
    "extension_asked": "申请延期",
    "raised": "提级",
    "sweeping": "举一反三",
}
# What a notice says of the tasks it counts: 「安家庄村 3 项任务待签收」.
NOTICE: dict[str, str] = {
    "accept": "待签收",
    "review": "待复核",
    "close": "待抽核销号",
    "returned": "退单，待转派",
    "rejected": "被退回，请按退回原因重新整改",
    "extend": "申请延期，待答复",
    "extended": "延期已批准",
    "not_extended": "延期未批准，请按原期限办理",
    "deferred": "已挂账",
    "resumed": "恢复整改",
    "reopened": "反弹重开，请重新整改",
    "cancelled": "已撤销，不用再办",
    "closed": "已销号",
    "supervised": "被督办，请尽快办结",
    "soon": "将在 24 小时内到期",
    "urge": "已逾期 1 天，请抓紧办理",
    "urged": "被催办，请抓紧办理",
    "sweep": "要求举一反三，请排查后回复",
    "swept": "举一反三已回复",
    "look_back": "待回头看",
    "propose": "逾期满 3 天，请决定是否发督办单",
    "raise": "逾期满 7 天，提级督办",
    "look_again": "挂账到期，请再看现场",
    "weekly": "本周整改清单",
    "letter": "收到督办单",
    "held": "已等满 5 天，请尽快决定",
}
GRADE: dict[str, str] = {"excellent": "优秀", "good": "良好", "pass": "合格", "fail": "不合格"}
SEVERITY: dict[str, str] = {"minor": "一般", "major": "较重", "critical": "严重"}

# What became of a tablet's act.
STATUS: dict[str, str] = {
    "applied": "已办理",
    "merged": "已合并办理",
    "noop": "此前已办理",
    "conflict": "转为备注",
    "rejected": "未办理",
    "held": "已收到，待批",
}
DECISION: dict[str, str] = {"approved": "已同意", "noted": "已存为备注", "declined": "未同意", "": "待办理"}
REASON: dict[str, str] = {
    "scope_lost": "该村已不在提交人的管辖范围内",
    "checklist_unknown": "检查单版本不在系统中",
    "client_too_old": "平板应用版本过旧",
    "client_too_new": "平板应用版本新于服务器",
    "duplicate_visit": "本批次该村已有一次检查",
    "round_closed": "批次结果已发布",
    "account_disabled": "账号或设备已停用",
    "author_unproven": "由救援包导入，待核对是否本人所写",
    "invalid": "内容不完整或不合规则",
    "internal_error": "系统处理出错",
    "forbidden": "岗位权限不含该操作",
    "unknown": "没有找到所指的内容",
    "stale_stage": "任务此前已由上级办理",
    "stale_unit": "任务已转派其他单位",
    "same_person": "提交人不能复核自己的整改",
    "photos_missing": "缺少整改后照片",
}

# What a line of the trail is about.
SUBJECT: dict[str, str] = {
    "task": "任务",
    "inspection": "检查",
    "edition": "评分表",
    "sheet": "整改通知单",
    "ledger": "台账",
    "letter": "督办单",
    "look_back": "回头看",
    "photo": "照片",
    "round": "批次",
    "person": "人员",
    "device": "设备",
    "village": "村庄",
    "checklist": "检查单",
    "district": "全区",
    "command": "上传内容",
    "card": "提示",
}

ROUND_TYPE: dict[str, str] = {
    "monthly": "月检查",
    "quarterly": "季度检查",
    "annual": "年度评价",
    "special": "专项检查",
    "random": "随机抽查",
    "self": "镇级自查",
}
ROUND_STAGE: dict[str, str] = {
    "planned": "筹备中",
    "started": "进行中",
    "closed": "已结束",
    "published": "已发布",
}
INSPECTION_STAGE: dict[str, str] = {"submitted": "已提交", "published": "已发布", "void": "已作废"}
ASSIGNMENT_STAGE: dict[str, str] = {"open": "待检查", "done": "已检查", "withdrawn": "已撤回"}
CHECKLIST_STAGE: dict[str, str] = {"draft": "草稿", "published": "已发布", "retired": "已停用"}
CHECKLIST: dict[str, str] = {"RE": "农村人居环境", "PO": "诗画乡村"}
PHOTO_STATE: dict[str, str] = {"expected": "待传", "stored": "已传", "waived": "免补"}
PHOTO_ROLE: dict[str, str] = {
    "before": "整改前",
    "after": "整改后",
    "similar": "举一反三",
    "signature": "签字",
    "scene": "现场",
}
ACTION: dict[str, str] = {"dispatch": "派单", "fixed": "当场整改", "record": "仅记录"}
METHOD: dict[str, str] = {
    "levels": "分档",
    "deduct": "逐处扣分",
    "zero_if": "发现即为0分",
    "yes_no": "是否",
    "measure": "实测",
    "range": "0至满分",
    "sample": "抽户",
    "bonus": "加分",
    "auto": "系统计算",
}
SESSION_KIND: dict[str, str] = {"desk": "网页", "session": "平板", "deposit": "交存凭证"}
UNIT_KIND: dict[str, str] = {"office": "区级", "town": "镇街", "department": "行业部门"}
DRAFT_STATE: dict[str, str] = {"draft": "草稿", "waiting": "待传", "sent": "已传", "missing": "照片缺"}


def verb(name: str) -> str:
    """The word of a verb; a task's step may name it without its `task.`."""
    return VERB.get(name) or VERB.get(f"task.{name}") or name
