"""Villages as an office pastes them."""

from inspections.village_list import Place, read_villages

PLACES = [
    Place("110109101203", ("桑峪村",), "潭柘寺镇"),
    Place("110109106210", ("桑峪村",), "斋堂镇"),
    Place("110109106204", ("川底下村", "爨底下村"), "斋堂镇"),
    Place("110109006201", ("冯村",), "永定镇"),
    Place("110109005201", ("安家庄村",), "王平镇"),
]


def test_names_other_spellings_codes_and_towns_are_understood() -> None:
    pasted = "爨底下\n 安家庄村、冯村\n\n110109106204\n斋堂镇 桑峪村，桑峪村（潭柘寺镇）\n"
    assert read_villages(pasted, PLACES) == (
        ["110109106204", "110109005201", "110109006201", "110109106210", "110109101203"],
        [],
    )


def test_every_line_that_names_no_one_village_is_told() -> None:
    codes, wrong = read_villages("安家庄\n桑峪村\n火星村\n冯\n110109999999", PLACES)
    assert codes == ["110109005201"]
    assert wrong == [
        "第 2 行“桑峪村”：同名的有 2 个（潭柘寺镇、斋堂镇），请在前面写上镇名",
        "第 3 行“火星村”：没有找到这个村",
        "第 4 行“冯”：没有找到这个村",
        "第 5 行“110109999999”：没有找到这个村",
    ]


def test_one_village_is_one_even_when_two_of_its_spellings_coincide() -> None:
    assert read_villages("甲乙村", [Place("1", ("甲乙村", "甲乙村"), "丙镇")]) == (["1"], [])
