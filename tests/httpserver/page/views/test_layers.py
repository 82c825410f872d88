import re
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tornado_gateway.httpserver.page.views.layers import Arrow, Drawing, Measures, drawn

MEASURES = Measures(width=100, column_gap=60, row_gap=20, arrives=10)


def picture(*pairs: str, heights: dict[str, int] | None = None) -> Drawing:
    names = heights or dict.fromkeys(sorted({name for pair in pairs for name in pair}), 40)
    return drawn(names, [Arrow(pair[0], pair[1], leaves=30) for pair in pairs], MEASURES)


def columns(drawing: Drawing) -> dict[str, int]:
    return {name: left // 160 for name, (left, _) in drawing.corners.items()}


def test_a_chain_goes_from_left_to_right_in_one_line() -> None:
    drawing = picture("ab", "bc")
    assert columns(drawing) == {"a": 0, "b": 1, "c": 2}
    assert drawing.paths[0] == f"M100,{drawing.corners['a'][1] + 30}C130,30 130,30 160,30"
    assert (drawing.width, drawing.corners["b"][1]) == (420, 20)


def test_a_box_stands_right_of_all_that_point_to_it_and_just_left_of_what_it_points_to() -> None:
    assert columns(picture("ab", "bc", "ac", "dc")) == {"a": 0, "b": 1, "c": 2, "d": 1}


def test_an_arrow_over_several_columns_goes_around_the_boxes_in_them() -> None:
    drawing = picture("ab", "bc", "ac")
    top = drawing.corners["b"][1]
    through = re.search(r" 160,(\d+)H260", drawing.paths[2])
    assert through is not None
    assert not top - 5 < int(through[1]) < top + 45


def test_an_arrow_that_closes_a_circle_goes_back_below_everything() -> None:
    drawing = picture("ab", "ba")
    assert columns(drawing) == {"a": 0, "b": 1}
    back = re.fullmatch(r"M260,\d+h14V(\d+)H-20V\d+H0", drawing.paths[1])
    assert back is not None
    assert drawing.height == int(back[1]) > max(top + 40 for _, top in drawing.corners.values())
    assert columns(picture("aa")) == {"a": 0}


def test_what_is_not_joined_stands_below() -> None:
    drawing = picture("ab", "cd")
    assert columns(drawing) == {"a": 0, "b": 1, "c": 0, "d": 1}
    assert drawing.corners["c"][1] >= drawing.corners["a"][1] + 80
    assert picture(heights={}) == Drawing({}, [], 0, 0)


def test_arrows_of_one_box_do_not_cross() -> None:
    drawing = drawn(
        dict.fromkeys("axyz", 40), [Arrow("a", "z", 10), Arrow("a", "y", 20), Arrow("a", "x", 30)], MEASURES
    )
    tops = {name: top for name, (_, top) in drawing.corners.items()}
    assert tops["z"] < tops["y"] < tops["x"]


def test_a_long_chain_is_no_recursion() -> None:
    names = [str(number) for number in range(3000)]
    arrows = [Arrow(one, other, 5) for one, other in pairwise(names)]
    assert len(drawn(dict.fromkeys(names, 20), arrows, MEASURES).corners) == 3000


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=18),
    st.lists(st.integers(20, 200), min_size=10, max_size=10),
)
def test_no_box_covers_another_whatever_points_where(pairs: list[tuple[int, int]], heights: list[int]) -> None:
    sizes = {str(number): height for number, height in enumerate(heights)}
    drawing = drawn(sizes, [Arrow(str(one), str(other), 5) for one, other in pairs], MEASURES)
    assert set(drawing.corners) == set(sizes)
    assert all(drawing.paths)
    for one, other in combinations(sizes, 2):
        (left, top), (right, bottom) = drawing.corners[one], drawing.corners[other]
        assert left != right or top + sizes[one] <= bottom or bottom + sizes[other] <= top
    for name, (left, top) in drawing.corners.items():
        assert 0 <= left <= drawing.width - 100
        assert 0 <= top <= drawing.height - sizes[name]
