"""Manifests: read from any usual spreadsheet, checked whole, every problem with its line."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from skintexture.errors import InputError
from skintexture.io.manifests import read_manifest


@pytest.fixture
def manifest(tmp_path):
    """Write a manifest beside three photos."""
    for name in ("a.jpg", "b.jpg", "sub/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def manifest(text: str | bytes, name: str = "manifest.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return manifest


def problems(path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_manifest(path)
    assert caught.value.remedy
    return caught.value.reason.splitlines()[1:]


def test_rows_come_in_order_with_all_that_is_said_of_them(manifest):
    path = manifest(
        "photo,arm,subject,visit,px_per_mm,interpupillary_mm\nsub/c.jpg,verum,S1,0,21.5,\na.jpg,,S2, 90 ,,63\n"
    )
    table = read_manifest(path)
    first, second = table.rows
    assert table.further_columns == ("arm",)
    assert (first.photo.name, first.photo.path) == ("sub/c.jpg", path.parent / "sub" / "c.jpg")
    assert (first.subject, first.visit, first.px_per_mm, dict(first.further)) == ("S1", "0", 21.5, {"arm": "verum"})
    assert math.isnan(first.interpupillary_mm)
    assert (second.photo.name, second.subject, second.visit, second.interpupillary_mm) == ("a.jpg", "S2", "90", 63.0)
    assert math.isnan(second.px_per_mm)
    assert second.further == {"arm": ""}


def test_only_the_photo_is_needed(manifest):
    (row,) = read_manifest(manifest("photo\na.jpg\n")).rows
    assert (row.subject, row.visit, dict(row.further)) == ("", "", {})
    assert math.isnan(row.px_per_mm)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_usual_csv_gives_the_same(separator, mark, end, manifest):
    rows = [("photo", "subject", "px_per_mm"), ("a.jpg", "Jürgen", "12.5"), ("b.jpg", '"x, y; z"', "13")]
    text = end.join(separator.join(row) for row in rows) + end
    table = read_manifest(manifest(mark + text.encode()))
    assert [(row.photo.name, row.subject, row.px_per_mm) for row in table.rows] == [
        ("a.jpg", "Jürgen", 12.5),
        ("b.jpg", "x, y; z", 13.0),
    ]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_decimal_comma_is_read_where_it_separates_no_cells(separator, manifest):
    (row,) = read_manifest(manifest(f"photo{separator}px_per_mm\na.jpg{separator}12,5\n")).rows
    assert row.px_per_mm == 12.5


def test_parquet_gives_the_same_as_csv(manifest, tmp_path):
    frame = pd.DataFrame(
        {
            "photo": ["a.jpg", "b.jpg"],
            "visit": [0, 90],
            "px_per_mm": [12.5, math.nan],
            "age": [31, 47],
            "arm": ["x", None],
        }
    )
    frame.to_parquet(tmp_path / "manifest.parquet")
    frame.to_csv(tmp_path / "manifest.csv", index=False)
    from_parquet, from_csv = (read_manifest(tmp_path / f"manifest.{suffix}") for suffix in ("parquet", "csv"))
    assert repr(from_parquet) == repr(from_csv)
    assert from_parquet.rows[1].further == {"age": "47", "arm": ""}


def test_empty_lines_are_skipped_and_lines_still_counted(manifest):
    text = 'photo,subject\n\n"a.jpg","two\nlines"\n,\nb.jpg,\ngone.jpg,\n'
    assert problems(manifest(text)) == ["line 7: there is no photo `gone.jpg`"]
    assert [row.subject for row in read_manifest(manifest(text.replace("gone.jpg", ""))).rows] == ["two\nlines", ""]


def test_absolute_paths_are_named_without_their_folders(manifest, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "d.jpg").touch()
    (elsewhere / "a.jpg").touch()
    path = manifest("photo\n")
    path.write_text(
        f"photo\n{elsewhere / 'd.jpg'}\n{path.parent / 'a.jpg'}\n../{elsewhere.name}/../{path.parent.name}/b.jpg\n"
    )
    assert [row.photo.name for row in read_manifest(path).rows] == ["d.jpg", "a.jpg", "b.jpg"]
    path.write_text(f"photo\n{elsewhere / 'a.jpg'}\na.jpg\nb.jpg\n")
    names = [row.photo.name for row in read_manifest(path).rows]
    assert names[0].endswith(f"{elsewhere.name}/a.jpg")
    assert len(set(names)) == 3
    assert not any(name.startswith(("/", "..")) for name in names)


def test_all_problems_are_named_at_once_with_their_lines(manifest):
    text = (
        "photo,px_per_mm,interpupillary_mm\n"
        "a.jpg,twelve,63\n"  # 2
        ",12,63\n"  # 3
        "b.jpg,-3,39.9\n"  # 4
        "gone.jpg,0,81\n"  # 5
        "sub/../a.jpg,nan,1e3\n"  # 6
        "sub/c.jpg,1_2,inf\n"  # 7
    )
    assert problems(manifest(text)) == [
        "line 2: px_per_mm is `twelve`; a number from 0.1 to 1000 is needed",
        "line 3: no photo is named",
        "line 3: both px_per_mm and interpupillary_mm are given; the one that you trust most is needed",
        "line 4: px_per_mm is `-3`; a number from 0.1 to 1000 is needed",
        "line 4: interpupillary_mm is `39.9`; a number from 40 to 80 is needed",
        "line 5: there is no photo `gone.jpg`",
        "line 5: px_per_mm is `0`; a number from 0.1 to 1000 is needed",
        "line 5: interpupillary_mm is `81`; a number from 40 to 80 is needed",
        "line 6: photo `sub/../a.jpg` is the same as in line 2",
        "line 6: px_per_mm is `nan`; a number from 0.1 to 1000 is needed",
        "line 6: interpupillary_mm is `1e3`; a number from 40 to 80 is needed",
        "line 7: px_per_mm is `1_2`; a number from 0.1 to 1000 is needed",
        "line 7: interpupillary_mm is `inf`; a number from 40 to 80 is needed",
    ]


@pytest.mark.parametrize(
    "day", ["2026-02-31", "2025-02-29", "2026-13-01", "2026-00-10", "2026-4-30", "30.4.2026", "0000-01-01"]
)
def test_a_day_that_is_not_in_the_calendar_is_named(day, manifest):
    assert problems(manifest(f"photo,date\na.jpg,2024-02-29\nb.jpg,{day}\nsub/c.jpg,\n")) == [
        f"line 3: date is `{day}`; a date of the calendar, such as 2026-04-30, is needed"
    ]


def test_days_of_the_calendar_are_carried_along_as_written(manifest):
    days = ["2024-02-29", " 2026-12-31 10:15", "2026-01-01T09:00:00.5"]
    rows = "".join(f"{photo},{day}\n" for photo, day in zip(("a.jpg", "b.jpg", "sub/c.jpg"), days, strict=True))
    assert [row.further["date"] for row in read_manifest(manifest("photo,date\n" + rows)).rows] == days


def test_of_very_many_problems_the_rest_is_counted(manifest):
    found = problems(manifest("photo\n" + "gone.jpg\n" * 50))
    assert len(found) == 21
    assert found[-1] == "… and 30 more"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("file,subject\na.jpg,S1\n", "there is no column `photo`; found: file, subject"),
        ("", "there is no column `photo`; found: nothing"),
        ("photo,subject\n", "there is no row below the column names"),
        ("photo,visit,visit\na.jpg,1,2\n", "column `visit` is there twice"),
        ("photo,,visit\na.jpg,,2\n", "column 2 has no name"),
        ("photo,px_per_mn\na.jpg,12\n", "column `px_per_mn`: is `px_per_mm` meant?"),
        ("photo,Subject\na.jpg,S1\n", "column `Subject`: is `subject` meant?"),
        ("photo,subject\na.jpg\n", "line 2: 1 cells, and there are 2 columns"),
        ("photo,subject\na.jpg,S1,x\n", "line 2: 3 cells, and there are 2 columns"),
    ],
)
def test_a_table_of_the_wrong_shape_is_refused(text, problem, manifest):
    assert problem in problems(manifest(text))


def test_a_column_like_a_known_one_that_is_there_is_carried_along(manifest):
    table = read_manifest(manifest("photo,visit,visits\na.jpg,1,3\n"))
    assert table.further_columns == ("visits",)


def test_photos_that_are_folders_or_impossible_names_are_missing(manifest):
    assert problems(manifest(f"photo\nsub\n{'x' * 400}.jpg\n")) == [
        "line 2: there is no photo `sub`",
        f"line 3: there is no photo `{'x' * 400}.jpg`",
    ]


def test_text_that_is_not_utf_8_is_named_with_its_line(manifest):
    with pytest.raises(InputError, match=r"not UTF-8 text \(line 3\)"):
        read_manifest(manifest("photo,subject\na.jpg,x\nb.jpg,Jürgen\n".encode("latin-1")))


def test_other_files_are_refused(manifest, tmp_path):
    for data in (b'photo\n"a.jpg', b"PAR1 and no more", b"PAR1"):
        with pytest.raises(InputError, match="not a whole table"):
            read_manifest(manifest(data))
    with pytest.raises(InputError, match="workbook"):
        read_manifest(manifest(b"PK\x03\x04 xlsx"))
    with pytest.raises(InputError, match="can't be read"):
        read_manifest(tmp_path / "gone.csv")


def test_a_first_line_for_spreadsheet_programs_is_no_row(manifest):
    (row,) = read_manifest(manifest("sep=;\r\nphoto;px_per_mm\r\na.jpg;6,5\r\n")).rows
    assert row.px_per_mm == 6.5
    assert problems(manifest("SEP=;\nphoto;age\na.jpg;old\n"))[0].startswith("line 3: age is `old`")
