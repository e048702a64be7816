"""Every refusal is a named problem: a stable code, an HTTP status and a Chinese sentence that says what, where
and what to do. Nothing else is ever shown to a person who was refused."""

from typing import Any

PROBLEMS: dict[str, tuple[int, str]] = {
    # signing in
    "wrong_password": (401, "用户名或密码不正确，请重新输入；忘记密码请联系上级单位重置。"),
    "locked": (429, "连续输错次数过多，该账号已暂时锁定，请 {minutes} 分钟后再试，或联系上级单位重置密码。"),
    "sign_in_needed": (401, "登录已过期或已在别处退出，请重新登录；本机未上传的内容不会丢失。"),
    "account_disabled": (401, "该账号已停用。本机未上传的内容请保持联网，系统会自动交存。"),
    "must_change": (
        403,
        "您使用的是一次性密码，请先设置自己的密码；本机未上传的内容不受影响，会照常交存。",
    ),
    "deposit_only": (403, "该凭证只能交存数据，不能查看；请重新登录。"),
    "password_weak": (422, "新密码至少 8 个字，且不能与旧密码或用户名相同，请换一个。"),
    "ticket_dead": (401, "该登记二维码已使用或已过期，请管理人员重新生成一张。"),
    "csrf": (403, "页面已过期，内容没有提交。请回到原来的页面，再提交一次。"),
    "too_many": (429, "请求过于频繁，请 {seconds} 秒后再试；已填写的内容仍在。"),
    # things
    "not_found": (404, "没有找到这项内容，可能编号有误，或不在您的管辖范围内。"),
    "forbidden": (403, "您的岗位不能进行“{act}”操作；如确需办理，请联系{who}。"),
    "method": (405, "这个地址不支持该操作，请从页面上的按钮进入。"),
    "invalid": (422, "{what}"),
    "bad_json": (400, "收到的数据不完整（第 {at} 字节处无法读取），未作任何改动，请重新发送。"),
    "too_large": (413, "{what}超过上限 {limit}，未收下；请缩小后再传。"),
    "internal": (
        500,
        "系统出现意外错误（编号 {trace}），内容未丢失，请稍后再试；多次出现请把编号告诉管理员。",
    ),
    # the machine's own trouble
    "disk_full": (507, "服务器存储空间不足，这次的内容没有收下，原件仍在本机；请通知管理员清理后再传。"),
    "database_away": (
        503,
        "服务器的数据库暂时连不上，这次的内容没有收下，原件仍在本机；请过一会儿再试，平板会自动重试。",
    ),
    "no_district": (
        503,
        "这里还没有建区。请系统管理员在服务器上执行 manage.py init --code 110109 --name 门头沟区，建好后刷新本页即可。",
    ),
    # the wire
    "replica_owner": (403, "这份数据属于另一位使用者，不能用当前账号上传；请由本人登录，或等待自动交存。"),
    "gap": (409, "前面还有未收到的操作（应从第 {expected} 条开始），请从该条起重新发送。"),
    "id_reuse": (409, "操作编号 {id} 已用于另一内容；原内容保留，这一份已另存待查。"),
    "replica_fork": (
        409,
        "本机的操作编号与服务器不一致（可能由旧备份恢复），请更换副本编号后重新发送，内容不会丢失。",
    ),
    "reset": (409, "本机缓存与服务器不一致，需要重新下载；未上传的内容不受影响。"),
    "not_a_photo": (415, "收到的文件不是照片（{found}），已单独留存；请重新拍摄或选择 JPEG、PNG 照片。"),
    "photo_too_many_pixels": (
        415,
        "照片像素过大（{pixels} 万像素，上限 {limit} 万），已单独留存；请用应用内拍照重新拍摄。",
    ),
    "photo_broken": (
        415,
        "照片文件不完整（{found}），已单独留存；原照片若仍在本机，请重新选择或重新拍摄。",
    ),
    "checksum": (460, "照片内容与登记的校验值不符，已丢弃本次传输，请从头重新上传。"),
    "unexpected_photo": (404, "没有登记过这张照片；请先上传检查或任务记录，再传照片。"),
    "upload_busy": (423, "这张照片正在另一处上传，请稍后再试。"),
    "upload_offset": (409, "续传位置不符，服务器已收到 {offset} 字节，请从该处继续。"),
    "upload_gone": (410, "这次上传已过期，请重新开始上传，原照片仍在本机。"),
    "upload_slow": (408, "网络长时间没有数据，本次传输已停；已收到 {offset} 字节，请从该处继续。"),
    "upload_headers": (400, "上传请求不符合续传协议（{what}），未作任何改动；请更新应用后再传。"),
    "upload_type": (415, "续传内容的类型应为 application/offset+octet-stream，未收下；请更新应用后再传。"),
    "tus_version": (412, "不支持的续传协议版本，请更新应用后再传。"),
    # rescue files
    "rescue_unreadable": (
        422,
        "这个文件不能作为救援包导入：{what}。请重新拷贝平板上导出的原文件，再试一次。",
    ),
    "rescue_packed": (
        422,
        "这个文件被重新压缩过，或内容与大小不符，为安全起见没有打开。请直接使用平板导出的原文件，不要解压后再压缩。",
    ),
    "rescue_path": (422, "救援包里有不该有的文件名“{file}”，没有导入。请使用平板导出的原文件。"),
    "rescue_lies": (
        422,
        "文件 {file} 的内容与救援包目录登记的校验值不符，没有收下这一个；请用原文件再导一次。",
    ),
    "rescue_newer": (422, "这个救援包的格式（{format}）比本系统新，请先升级服务器再导入。"),
    "rescue_district": (409, "这个救援包属于另一个区（{district}），本系统不能导入；请交给那个区的办公室。"),
    "rescue_person": (409, "救援包的主人不是本区的人员，没有导入；请核对文件是否拿错。"),
    "rescue_locked": (422, "这个救援包设了口令，请输入导出时设定的口令。"),
    "rescue_passphrase": (422, "口令不正确，救援包没有打开。请向导出的人核对口令，注意大小写。"),
    "rescue_strange": (
        422,
        "这个救援包是给登记那台平板的服务器加密的，本系统没有它的钥匙，打不开。请由本人在平板上设口令重新导出。",
    ),
    "rescue_unread": (422, "这条操作连编号和类型都无法读取，没有导入；原文件请留存，交系统管理员查看。"),
    # backup
    "backup_failed": (500, "备份未完成：{what} 上一次备份仍然有效。"),
    "backup_busy": (409, "另一个备份正在进行，请等它结束后再试。"),
    "folder_busy": (409, "数据文件夹 {folder} 正被服务或恢复程序使用，请先停止它再试。"),
    "restore_failed": (409, "没有恢复：{what}"),
    # the office
    "real_district": (409, "这是正式区的数据，不能装入演示数据；请另用一个空文件夹。"),
    "round_exists": (409, "已有同名批次“{name}”，请换一个名称。"),
    "nothing_to_print": (409, "还没有可打印的检查结果；请在检查上传后再打印。"),
    "nothing_to_notify": (409, "这个镇街现在没有未销号的任务，不需要印发整改通知单。"),
    "no_address": (
        409,
        "还没有设置本系统的对外网址，二维码无处可指，所以没有办成。请系统管理员在服务器上执行"
        " python manage.py address http://…（手机能打开的网址），重新启动后再试。",
    ),
    "paper_unready": (503, "打印组件缺少：{missing}。请管理员补装后再试。"),
    "stale": (409, "这项内容刚刚被他人更新过，您的操作未生效；请看过最新情况后再办理。"),
}


class Problem(Exception):
    """A refusal. `code` is stable; `data` goes to programs; `str()` is the sentence for people."""

    def __init__(self, code: str, /, data: dict[str, Any] | None = None, **words: object) -> None:
        self.code = code
        self.status, template = PROBLEMS[code]
        self.sentence = template.format(**words)
        self.data = {**{k: v for k, v in words.items() if isinstance(v, int | str)}, **(data or {})}
        super().__init__(self.sentence)

    def body(self) -> dict[str, Any]:
        """The JSON a program gets: `{"error", "message", …data}`."""
        return {**self.data, "error": self.code, "message": self.sentence}
