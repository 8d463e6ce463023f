"""Words for the closed lists that screens show: states, grades, flags, reasons; see docs/glossary.md."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _

Table = dict[str, object]

STATES: Table = {
    "open": _("进行中"),
    "closed": _("已结束"),
    "end_missing": _("待补签退"),
    "held": _("待审"),
    "void": _("无效"),
    "settled_zero": _("已按零结算"),
}
GRADES: Table = {"tapped": _("刷卡"), "witnessed": _("队长确认"), "declared": _("补录")}
PROOFS: Table = {
    "none": _("无"),
    "uid": _("芯片编号"),
    "static": _("静态二维码"),
    "signed": _("签名芯片"),
    "rotating": _("手机动态码"),
    "challenge": _("防复制芯片"),
}
MEDIA: Table = {"nfc": _("刷卡"), "qr": _("扫码"), "touch": _("触屏")}
BOOKS: Table = {"hours": _("服务时长"), "points": _("积分"), "savings": _("时间储蓄")}
STATUSES: Table = {"active": _("在册"), "inactive": _("停用"), "left": _("已退出"), "deceased": _("已故")}
CARD_STATES: Table = {
    "requested": _("制作中"),
    "made": _("待领取"),
    "active": _("使用中"),
    "lost": _("已挂失"),
    "replaced": _("已换卡"),
    "expired": _("已过期"),
    "damaged": _("已损坏"),
    "returned": _("已退回"),
    "deceased": _("已随人注销"),
}
CARD_REASONS: Table = {
    "first": _("首次发卡"),
    "lost": _("原卡丢失"),
    "damaged": _("原卡损坏"),
    "expired": _("原卡到期"),
    "other": _("其他原因"),
    "handed_over": _("本人领取"),
    "replaced": _("换成了另一张卡"),
    "last_day": _("有效期到了"),
    "given_up": _("未写完，作废"),
    "found": _("找到了"),
    "reported_lost": _("本人报失"),
    "given_back": _("交回社区"),
    "broken": _("卡坏了"),
    "deceased": _("本人已故"),
}
CARD_KINDS: Table = {"write": _("新芯片卡"), "uid": _("已有的卡（市民卡等）")}
ORDER_STATES: Table = {"requested": _("排队中"), "made": _("已制好"), "cancelled": _("已取消")}
OBSTACLES: Table = {
    "unknown": _("没有这个编号"),
    "inactive": _("已停用或退出"),
    "guardian_consent_missing": _("未满18岁，监护人还没有同意"),
    "consent_missing": _("本人还没有同意记录志愿服务"),
    "has_card": _("已有在用的卡"),
    "ordered": _("已在排队"),
}
DESK_TITLES: Table = {
    "waiting": _("请把新卡放到读卡器上"),
    "writing": _("正在写卡，请不要拿开"),
    "made": _("写好了，请交给"),
    "torn": _("拿开得太早，卡还没写完"),
    "again": _("没有写成"),
    "chip_in_use": _("这张卡已经是别人的"),
    "already_theirs": _("这张卡本来就是本人的"),
    "cannot_be_written": _("这张卡写不了"),
    "chip_unsuitable": _("这张芯片不能用"),
    "phone_uid_random": _("手机不能当卡用"),
    "nobody_waits": _("现在没有人在等卡"),
    "inactive": _("此人已停用"),
    "guardian_consent_missing": _("缺监护人同意"),
    "consent_missing": _("缺本人同意"),
    "unknown": _("没有这个人"),
}
DESK_HINTS: Table = {
    "waiting": _("放平，等到提示写好了再拿开。"),
    "writing": _("一两秒就好。"),
    "made": _("请下一位。"),
    "torn": _("把同一张卡重新放上，会接着写完。"),
    "again": _("把同一张卡重新放上再试一次；还不行就换一张新卡。"),
    "chip_in_use": _("请换一张新卡。"),
    "already_theirs": _("不用再办。"),
    "cannot_be_written": _("要写的卡请用 NTAG213、215、216 或 424；市民卡这类卡请改选“已有的卡”。"),
    "chip_unsuitable": _("型号不对、被锁死，或用别的密码锁着。请换一张新卡。"),
    "phone_uid_random": _("手机每次报的编号都不同。请用实体卡。"),
    "nobody_waits": _("先在上面找人，再放卡。"),
    "inactive": _("先在资料里改为在册，再发卡。"),
    "guardian_consent_missing": _("先请监护人签同意书，登记后再发卡。"),
    "consent_missing": _("先告知并登记本人的同意，再发卡。"),
    "unknown": _("请重新找人。"),
}
KIOSK_STATES: Table = {"pending": _("待注册"), "active": _("使用中"), "revoked": _("已吊销")}
KINDS: Table = {"service": _("志愿服务"), "patrol": _("巡逻"), "non_service": _("非志愿服务")}
SITE_ROLES: Table = {"desk": _("服务点"), "checkpoint": _("巡逻点")}
ROLES: Table = {
    "admin": _("管理员"),
    "staff": _("社工"),
    "leader": _("队长"),
    "auditor": _("审计员（只读）"),
    "volunteer": _("志愿者"),
}
NAME_DISPLAYS: Table = {
    "full": _("显示全名"),
    "title": _("显示姓氏与称呼"),
    "nickname": _("显示昵称"),
    "none": _("不显示"),
}
PURPOSES: Table = {
    "record": _("记录志愿服务"),
    "wall": _("上光荣墙"),
    "ranking": _("参加排名"),
    "photo": _("使用照片"),
    "upload": _("上传至国家志愿服务信息系统"),
    "wechat": _("微信通知"),
}
FLAGS: Table = {
    "late_end": _("签退偏晚，按排班时段计"),
    "shown_differs": _("与打卡机当时显示不同"),
    "time_uncertain": _("时间误差超过一分钟"),
    "date_uncertain": _("日期待确认"),
    "contradicted": _("与登记不符"),
    "quarantined": _("打卡记录被隔离"),
    "proof_too_weak": _("凭证强度不足"),
    "activity_missing": _("未选服务项目"),
    "non_service": _("非志愿服务，不计时长"),
    "below_minimum": _("不足最短时长"),
    "end_agreed": _("本人认可建议签退时间"),
    "end_confirmed": _("签退已确认"),
    "end_denied": _("签退未获确认"),
    "end_clipped": _("签退按排班结束时间计"),
    "own_decision": _("本人对自己时长的决定，不予采纳"),
    "late_decision": _("结算之后的决定，不予采纳"),
    "unusable_decision": _("无法采用的决定"),
    "voided": _("已作废"),
    "overlap": _("与另一次服务重叠"),
    "declared_ahead": _("补录了尚未发生的时间"),
    "over_day_cap": _("超过每日上限，待批"),
    "excess_approved": _("超时已批准"),
}
STANDINGS: Table = {
    "good": _("有效"),
    "shown_refused": _("打卡机未接受"),
    "contradicted": _("与登记不符"),
    "quarantined": _("隔离"),
    "set_aside": _("已搁置"),
    "restored": _("已恢复"),
}
SHOWN: Table = {
    "shift_started": _("签到成功"),
    "shift_ended": _("签退成功"),
    "handed_over": _("换岗成功"),
    "checkpoint_passed": _("巡逻点已打卡"),
    "choose_activity": _("请选择服务项目"),
    "end_proposed": _("上次未签退，建议签退时间"),
    "team_opened": _("队伍已集体签到"),
    "team_closed": _("队伍已集体签退"),
    "accepted_unlisted": _("已记录，姓名稍后显示"),
    "undone": _("已撤销"),
    "activity_changed": _("已更改服务项目"),
    "already_done": _("刚才已打卡"),
    "card_unknown": _("不认识这张卡"),
    "card_other_community": _("外社区的卡"),
    "card_lost": _("此卡已挂失"),
    "card_expired": _("此卡已过期"),
    "card_forged": _("卡片验证失败"),
    "card_replayed": _("卡码已被用过"),
    "proof_too_weak": _("此项目需要更可靠的卡"),
    "phone_code_expired": _("手机码已过期"),
    "phone_uid_random": _("手机不能当卡用"),
    "card_unreadable": _("读不出卡"),
    "volunteer_inactive": _("志愿者已停用"),
    "guardian_consent_missing": _("缺监护人同意"),
    "training_missing": _("尚未培训"),
}
DECISIONS: Table = {
    "confirm_end": _("确认签退"),
    "deny_end": _("不予确认"),
    "restore_tap": _("恢复打卡记录"),
    "set_aside_tap": _("搁置打卡记录"),
    "approve_excess": _("批准超时"),
    "declare_shift": _("补录服务"),
    "void_shift": _("作废"),
}
POLICIES: Table = {
    "grace_before": _("排班开始前多少分钟起算"),
    "grace_after": _("排班结束后多少分钟截止"),
    "early_start": _("提前多少分钟可签到本班"),
    "minimum": _("最短有效时长（分钟）"),
    "late_end": _("排班结束后多少分钟内仍可签退"),
    "open_limit": _("无排班时最长等待签退（分钟）"),
    "debounce_seconds": _("重复打卡忽略时间（秒）"),
    "choice_seconds": _("选择服务项目的等待时间（秒）"),
    "undo_seconds": _("可撤销时间（秒）"),
    "least_proof": _("最低凭证强度"),
    "day_cap": _("每人每日认定上限（分钟）"),
    "leader_working_days": _("队长确认期限（工作日）"),
    "settle_working_days": _("按零结算期限（工作日）"),
    "earns": _("服务所得"),
    "point_rate": _("每小时积分"),
    "points_expire_years": _("积分在次几年年底到期"),
    "star_hours": _("各星级所需小时"),
    "star_window": _("星级统计范围"),
    "star_quality_mean": _("星级所需平均评分（十分之一星）"),
    "star_quality_cards": _("星级所需评价张数"),
    "redemption_day": _("积分兑换日"),
    "name_display": _("默认姓名显示方式"),
    "manual_entry_share": _("补录占比提醒线（百分比）"),
    "checkpoint_retention_days": _("巡逻点打卡保留天数"),
    "contact_retention_days": _("退出后联系方式保留天数"),
    "active_cards_per_person": _("每人最多几张在用的卡"),
}
FAULTS: Table = {
    "sex": _("性别写作“男”或“女”"),
    "consent": _("本人未同意，不能登记"),
    "twice": _("已有同名且电话或出生日期相同的人"),
    "name_missing": _("缺姓名"),
    "name_long": _("姓名过长"),
    "number": _("编号只能用文字、数字和短横，表格软件可能改写了它"),
    "number_taken": _("编号已被使用"),
    "phone": _("电话无法识别"),
    "birth": _("出生日期写作 1956-02-29"),
    "birth_impossible": _("出生日期不可能"),
    "team": _("没有这个志愿队"),
    "guardian": _("未满18岁，缺监护人"),
    "quotes": _("引号没有配对，或引号后面还有字"),
    "bytes": _("有读不出的字：编码混杂，或文件损坏"),
    "cells": _("比列名多出内容：可能有逗号，请用引号括起来"),
}
POLICY_VALUES: Table = {
    "points": _("积分"),
    "savings": _("时间储蓄"),
    "both": _("积分与时间储蓄"),
    "lifetime": _("累计"),
    "year": _("本年度"),
    "last_saturday": _("每月最后一个星期六"),
    "every_friday": _("每星期五"),
    "any_day": _("任何一天"),
}
TABLES: dict[str, Table] = {
    "policy_value": POLICY_VALUES,
    "fault": FAULTS,
    "state": STATES,
    "grade": GRADES,
    "proof": PROOFS,
    "medium": MEDIA,
    "book": BOOKS,
    "status": STATUSES,
    "card_state": CARD_STATES,
    "card_reason": CARD_REASONS,
    "card_kind": CARD_KINDS,
    "order_state": ORDER_STATES,
    "obstacle": OBSTACLES,
    "desk_title": DESK_TITLES,
    "desk_hint": DESK_HINTS,
    "kiosk_state": KIOSK_STATES,
    "kind": KINDS,
    "site_role": SITE_ROLES,
    "role": ROLES,
    "name_display": NAME_DISPLAYS,
    "purpose": PURPOSES,
    "flag": FLAGS,
    "standing": STANDINGS,
    "shown": SHOWN,
    "decision": DECISIONS,
    "policy": POLICIES,
}


def word(value: object, table: str) -> str:
    """The word for a value of a closed list; a value newer than this table is shown as it is."""
    return "" if value is None else str(TABLES[table].get(str(value), value))


def duration(minutes: int | None) -> str:
    """Minutes as people say them: ``45 分钟``, ``2 小时``, ``1 小时 30 分``."""
    if minutes is None:
        return "—"
    sign, (hours, rest) = "−" if minutes < 0 else "", divmod(abs(minutes), 60)
    if not hours:
        return sign + str(gettext("%(rest)s 分钟", rest=rest))
    if not rest:
        return sign + str(gettext("%(hours)s 小时", hours=hours))
    return sign + str(gettext("%(hours)s 小时 %(rest)s 分", hours=hours, rest=rest))
