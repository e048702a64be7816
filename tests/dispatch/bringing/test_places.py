"""Which village and which unit: names, aliases, codes, two of one name, a neighbour's, another district's."""

import pytest

from dispatch.bringing.cells import CellError
from dispatch.bringing.places import Place, Places

WANG, ZHAI = "110109005", "110109106"
AN, SANG_W, SANG_Z, CHUAN = f"{WANG}201", f"{WANG}210", f"{ZHAI}223", f"{ZHAI}224"


@pytest.fixture
def places() -> Places:
    villages = [
        Place(AN, "安家庄村", ("安家庄村", "安家庄村委会")),
        Place(SANG_W, "桑峪村", ("桑峪村",)),
        Place(SANG_Z, "桑峪村", ("桑峪村",)),
        Place(CHUAN, "川底下村", ("川底下村", "爨底下")),
    ]
    departments = {"110109-d03": "水务部门", "110109-d02": "城市管理部门"}
    return Places({WANG: "王平镇", ZHAI: "斋堂镇"}, villages, departments, "门头沟区")


@pytest.mark.parametrize(
    ("said", "town", "code"),
    [
        ("安家庄村", "", AN), ("安家庄", "王平镇", AN), ("安家庄村委会", "王平", AN), (AN, "", AN), ("爨底下村", "", CHUAN),
        ("桑峪村", "斋堂镇", SANG_Z), ("王平镇桑峪村", "", SANG_W), ("安 家庄村", "王平镇人民政府", AN),
    ],
)  # fmt: skip
def test_villages(places: Places, said: str, town: str, code: str) -> None:
    assert places.village(said, places.town(town) if town else "").code == code


@pytest.mark.parametrize(
    ("said", "town", "told"),
    [
        ("桑峪村", "", "本区有 2 个“桑峪村”：王平镇"), ("安家庄村", ZHAI, "斋堂镇没有“安家庄村”，这个村在王平镇"),
        ("安加庄村", "", "是不是“安家庄村”？"), ("110111005201", "", "外区的问题不能带入"), (AN, ZHAI, "与镇街一栏不符"),
    ],
)  # fmt: skip
def test_villages_that_cannot_be_told(places: Places, said: str, town: str, told: str) -> None:
    with pytest.raises(CellError, match=told):
        places.village(said, town)


def test_towns(places: Places) -> None:
    assert places.town("门头沟区王平镇") == WANG
    with pytest.raises(CellError, match="没有叫“王坪镇”的镇街，是不是“王平镇”"):
        places.town("王坪镇")


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        ("", AN), ("村委会", AN), ("安家庄村委会", AN), ("安家庄村", AN), ("王平镇安家庄村委会", AN), ("镇政府", WANG),
        ("王平镇", WANG), ("水务局", "110109-d03"), ("区水务局", "110109-d03"), ("水务部门", "110109-d03"),
        ("城市管理委员会", "110109-d02"), ("110109-d02", "110109-d02"), ("区城管委", "110109-d02"),
    ],
)  # fmt: skip
def test_units(places: Places, said: str, unit: str) -> None:
    assert places.unit(said, places.village("安家庄村", "")) == unit


@pytest.mark.parametrize("said", ["斋堂镇", "区管委", "桑峪村委会", "张三"])
def test_units_a_village_cannot_have(places: Places, said: str) -> None:
    with pytest.raises(CellError, match="责任单位"):
        places.unit(said, places.village("安家庄村", ""))
