"""A full scorecard to print in tests: the forty-two items, drawn photos, a village with a rare name."""

import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from PIL import Image, ImageDraw

SECTIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "村庄清洁",
        (
            ("4", "村内主街、背街小巷、公共场地路面及两侧无散落垃圾、无积存垃圾"),
            ("3", "房前屋后柴草、农具、建材、杂物堆放整齐，不占道、不堵塞通道"),
            ("2", "村口、广场、停车场、公交站点、文化活动场所等公共空间整洁有序，设施外观洁净"),
            ("3", "村庄周边、出入口、沿路、田边、林边、沟边、坡面无暴露垃圾和渣土"),
            ("2", "无露天焚烧垃圾、落叶、秸秆、杂物及焚烧痕迹"),
            ("2", "畜禽圈养规范，无散养粪污、无随意丢弃病死畜禽；立面无乱贴乱画、破损标语横幅"),
        ),
    ),
    (
        "生活垃圾分类与收运",
        (
            ("3", "分类投放点布局合理，厨余、可回收、有害、其他四类标识清晰，桶体完好洁净、有盖、摆放整齐"),
            ("4", "垃圾日产日清，无桶满冒溢、无垃圾落地，收集车辆密闭、无遗撒"),
            ("3", "抽查垃圾分类准确率"),
            ("2", "无非正规垃圾堆放点和建筑垃圾倾倒点；大件、装修、可回收物暂存点有围挡、有标识、及时清运"),
        ),
    ),
    (
        "农村厕所",
        (
            ("3", "公厕正常开放、专人管护，地面、便器、洗手台洁净，无明显异味和蚊蝇"),
            ("2", "公厕设施完好，标识、照明、无障碍、管护公示齐全"),
            ("3", "户厕正常使用率（抽查）"),
            ("2", "粪污及时清掏并无害化处理或接入管网，无溢流直排；无露天旱厕、简易棚厕"),
        ),
    ),
    (
        "生活污水与河湖水环境",
        (
            ("4", "生活污水得到收集处理或资源化利用，无污水横流、无直排沟渠河道"),
            ("3", "污水处理站（设施）正常运行，出水清澈无异味，运维记录和责任公示齐全"),
            ("2", "检查井、雨污管网、明沟暗渠完好通畅，汛前完成清掏（“清管行动”）"),
            ("4", "村内河道、沟渠、坑塘等小微水体水面岸坡无垃圾、无漂浮物、无黑臭"),
            ("1", "入河排口有标识、无异常排水；河道管理范围和护岸无侵占、无乱建乱种、岸线自然"),
            ("2", "饮用水水源（水源井、供水站）保护范围内无污染源，围栏、标志、消毒设施完好，供水安全"),
        ),
    ),
    (
        "村容村貌与建设秩序",
        (
            ("4", "无新增私搭乱建、违法占地违法建设，存量违建按计划销账"),
            ("2", "无残垣断壁、坍塌闲置房屋、破损围挡，闲置地块管理有序"),
            ("2", "电力、通信架空线规整，无飞线、断头线、低垂线、线杆倾斜"),
            ("2", "村内道路平整完好、排水顺畅，标志标线和护栏齐全"),
            ("2", "路灯亮灯率（含太阳能路灯）"),
            ("2", "村庄绿化管护到位，无死株缺株、裸露土地；机动车、非机动车停放有序"),
        ),
    ),
    (
        "农业面源与“无废乡村”",
        (
            ("2", "田间地头、沟渠无废旧农膜、地膜、滴灌带残留"),
            ("2", "设有农药、肥料包装废弃物回收点并有回收记录，田间无弃置包装"),
            ("2", "秸秆、果树枝条、园林废弃物、畜禽粪污得到综合利用或规范处置"),
            ("2", "无危险废物、医疗废物、废矿物油、煤矸石等露天堆放或随意倾倒"),
        ),
    ),
    (
        "清洁能源与大气污染防治",
        (
            ("3", "“无煤化”：抽查户及经营户无散煤存放、销售、使用"),
            ("2", "施工、道路、裸地扬尘得到控制，渣土苫盖、进出车辆不带泥"),
            ("1", "餐饮、民宿油烟有净化设施并定期清洗，无露天烧烤污染"),
            ("2", "农宅光伏、空气源热泵、充电桩等安装牢固规范，无飞线充电，线路防护到位"),
        ),
    ),
    (
        "安全韧性",
        (
            ("2", "森林防火：防火期看护岗在岗、防火旗标志齐全、进山登记、无野外违规用火"),
            ("3", "山洪、地质灾害隐患点有警示牌、责任人、避险路线和场所公示，明白卡到户"),
            ("2", "排洪沟、涵洞、泄洪通道畅通，无堆物、无侵占、无倾倒"),
            ("1", "消防设施、应急物资、应急广播完好可用"),
        ),
    ),
    (
        "长效管护与群众参与",
        (
            ("2", "管护“五有”：有制度、有标准、有队伍、有经费、有监督"),
            ("2", "门前三包、村规民约、美丽庭院或积分评比常态开展并张榜公示（红黑榜）"),
            ("3", "上期检查问题按期整改销号率"),
            ("1", "村民对人居环境满意度（随机访问）"),
        ),
    ),
)
# item number -> (points lost, note, photos) as an inspector would leave them
LOSSES = {
    1: ("2.5", "村委会东侧、文化广场北侧、一号巷共3处散落；村口停车场成堆1处", "1–4"),
    7: ("1", "中心投放点、村口投放点各1处桶盖缺失", "5、6"),
    9: ("0.75", "抽查25桶，准确21桶（84%）", "7"),
    13: ("0.5", "村东公厕公示牌信息过期", "8"),
    19: ("1", "前街42号门前线缆低垂2处", "9、10"),
    40: ("0.8", "近一季度有评比，未见上月公示", "11"),
}
NOT_APPLICABLE = {16: "不适用：已接入市政管网，无处理站"}


def _drawn(folder: Path, number: int, size: tuple[int, int] = (640, 480)) -> str:
    """A landscape with a burnt-in strip, different for each number. Returns its path."""
    image = Image.new("RGB", size, (206 - number % 5 * 9, 220, 230))
    pen = ImageDraw.Draw(image)
    width, height = size
    for ridge in range(4):
        shade = 150 - ridge * 28
        top = height * (0.35 + ridge * 0.13)
        points = [(x, top + 30 * ((x * (ridge + 2 + number) // 80) % 3)) for x in range(0, width + 81, 80)]
        pen.polygon([(0, height), *points, (width, height)], fill=(shade - 30, shade + 12, shade - 20))
    pen.rectangle((width * 0.2, height * 0.6, width * 0.45, height * 0.82), fill=(186, 164, 140))
    pen.rectangle((0, height - 30, width, height), fill=(20, 24, 22))
    pen.text((10, height - 22), f"2026-05-06 09:{number:02d}  40.0123,115.6123  #{number}", fill="white")
    path = folder / f"photo-{number}-{width}x{height}.jpg"
    if not path.exists():
        image.save(path, quality=80)
    return str(path)


def photo(folder: Path, number: int, **other: Any) -> dict[str, Any]:
    """One entry of the gallery."""
    return {
        "no": str(number),
        "path": _drawn(folder, number),
        "preview": False,
        "item": "RE-1.1",
        "place": "村委会东侧",
        "problem": "路面散落垃圾1处",
        "deduction": "扣0.5分",
        "deadline": "限5月9日前",
        "taken": f"09:{number % 60:02d}",
    } | other


def _sections() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    sections, bars, number = [], [], 0
    for name, items in SECTIONS:
        rows, full, lost = [], 0.0, 0.0
        for weight, text in items:
            number += 1
            off, note, photos = LOSSES.get(number, ("0", "", ""))
            away = number in NOT_APPLICABLE
            full += 0 if away else float(weight)
            lost += float(off)
            rows.append(
                {
                    "no": str(number),
                    "code": f"RE-{len(sections) + 1}.{len(rows) + 1}",
                    "text": text,
                    "weight": weight,
                    "lost": "—" if away else off,
                    "score": "—" if away else f"{float(weight) - float(off):g}",
                    "note": NOT_APPLICABLE.get(number, note),
                    "photos": photos,
                    "na": away,
                    "veto": False,
                }
            )
        score = f"{full - lost:g}"
        sections.append(
            {"name": name, "weight": f"{full:g}", "lost": f"{lost:g}", "score": score, "items": rows}
        )
        bars.append(
            {
                "label": name,
                "value": full - lost,
                "full": full,
                "text": f"{score} / {full:g}",
                "mark": full * 0.9,
            }
        )
    return sections, bars


def _pair(folder: Path, number: int) -> dict[str, Any]:
    return {
        "number": f"RW-2026-{1000 + number}",
        "item": "RE-1.1",
        "place": "村口停车场",
        "problem": "成堆垃圾未清运",
        "before": {"path": _drawn(folder, number), "date": "2026年5月6日"},
        "after": {"path": _drawn(folder, number + 40), "date": "2026年5月7日"},
        "unit": "爨底下村村委会",
        "reviewer": "王建国",
        "closed": "2026年5月8日",
        "verdict": "合格",
    }


def card(folder: Path, **other: Any) -> dict[str, Any]:
    """A published card of 爨底下村 with eleven photos, one of them still to come; `other` overrides keys."""
    sections, bars = _sections()
    photos = [photo(folder, n) for n in range(1, 12)]
    photos[3] |= {"path": None, "place": "村口停车场", "problem": "成堆垃圾约2立方米", "deduction": "扣1分"}
    photos[5] |= {"preview": True, "item": "RE-2.1", "place": "村口投放点", "problem": "桶盖缺失"}
    photos[6] |= {"path": _drawn(folder, 7, (480, 640)), "item": "RE-2.3", "problem": "厨余桶混投"}
    result = {
        "total": "93.2", "grade": "优秀", "grade_key": "excellent", "weight": "100", "lost": "6.55",
        "earned": "90.45", "base": "97", "town_rank": "3 / 29", "district_rank": "21 / 178", "change": "+1.6",
        "scaled": True,
    }  # fmt: skip
    sheet = {
        "title": "农村人居环境", "version": "检查表 RE 1.0", "sections": sections, "result": result, "bars": bars,
        "bars_note": "竖线为本镇平均", "vetoes": [],
    }  # fmt: skip
    scores = (84.2, 86.0, None, 85.4, 88.1, 90.3, 91.6, 93.2)
    return {
        "title": "门头沟区农村人居环境检查评分表",
        "demo": False,
        "round_name": "2026年5月月检查",
        "date": "2026年5月6日",
        "kind": "月检查",
        "number": "2026-05-106209",
        "town": "斋堂镇",
        "village": "爨底下村",
        "code": "110109106209",
        "published": True,
        "late": "",
        "sheets": [sheet],
        "photos": photos,
        "pairs": [_pair(folder, 1), _pair(folder, 2)],
        "open_tasks": [
            {"number": "RW-2026-1013", "problem": "RE-3.2 村东公厕：公示牌信息过期", "unit": "爨底下村村委会",
             "deadline": "2026年5月13日", "stage": "整改中", "mark": ""},
            {"number": "RW-2026-1014", "problem": "RE-5.3 前街42号门前：线缆低垂", "unit": "区城市管理委员会",
             "deadline": "2026年5月6日", "stage": "待签收", "mark": "逾期2天"},
        ],
        "trend": [
            {"label": f"{m}月", "value": s, "text": "" if s is None else f"{s:.1f}"}
            for m, s in zip((10, 11, 12, 1, 2, 3, 4, 5), scores, strict=True)
        ],
        "trend_note": "上期问题按期销号率 95%",
        "signatures": [
            {"role": "检查人员", "names": "张伟　李秀英", "path": None},
            {"role": "村委会负责人", "names": "", "path": None},
            {"role": "镇街确认人", "names": "", "path": None},
        ],
        "signed_on": "",
        "village_signed": False,
        "refusal": None,
        "remarks": "",
        "edition": "第1版",
        "as_of": "2026年5月8日 18:00",
        "printed_at": "2026年5月8日 18:05",
        "chain": "3f9a12cd88e0",
        "verify_url": "https://xuncun.example/v/K7QXM4RTDE?s=93.2&g=excellent&k=Jm3xq0vB5pWc",
        "short_code": "K7QX-M4RT-DE",
        "issued_iso": "2026-05-08T18:05:00+08:00",
        "figures": {"village": "110109106209", "total": "93.2", "grade": "excellent", "lost": "6.55"},
    } | other  # fmt: skip


def words(pdf: Path, page: int) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Words of a page with their boxes (x0, y0, x1, y1) in points, as the text layer has them."""
    run = ["pdftotext", "-bbox-layout", "-f", str(page), "-l", str(page), str(pdf), "-"]
    tree = ElementTree.fromstring(subprocess.run(run, capture_output=True, check=True).stdout)
    found = []
    for node in tree.findall(".//{*}word"):
        x0, y0, x1, y1 = (float(node.attrib[key]) for key in ("xMin", "yMin", "xMax", "yMax"))
        found.append((node.text or "", (x0, y0, x1, y1)))
    return found
