"""Finding photos: the same list on every system, each file once, and names that tell them apart."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from skintexture.errors import InputError
from skintexture.io.finding import PhotoFile, find_photos, named_apart, search_photos


@pytest.fixture
def lay(tmp_path):
    """Make empty files, from their paths below one folder."""

    def lay(*names: str) -> Path:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return lay


def names(photos: list[PhotoFile]) -> list[str]:
    return [photo.name for photo in photos]


def test_folders_are_searched_with_their_subfolders_in_natural_order(lay):
    root = lay(
        "img10.jpg", "img2.jpg", "Img1.JPG", "sub10/a.png", "sub9/b.tiff", "sub9/a.webp", "z.BMP", "Y.tif", "x.jpeg"
    )
    expected = [
        "Img1.JPG",
        "img2.jpg",
        "img10.jpg",
        "sub9/a.webp",
        "sub9/b.tiff",
        "sub10/a.png",
        "x.jpeg",
        "Y.tif",
        "z.BMP",
    ]
    found = find_photos([root])
    assert names(found) == expected
    assert all(photo.path == root / photo.name for photo in found)


def test_the_order_does_not_depend_on_the_file_system(lay, monkeypatch):
    import os

    root = lay("b/2.jpg", "b/10.jpg", "a/1.jpg", "B.jpg", "c²3.jpg", "0.jpg")
    expected = names(find_photos([root]))
    walk = os.walk

    def shuffled(*args, **options):
        for where, folders, files in walk(*args, **options):
            random.Random(3).shuffle(folders)
            random.Random(4).shuffle(files)
            yield where, folders, files

    monkeypatch.setattr("os.walk", shuffled)
    assert names(find_photos([root])) == expected


def test_hidden_files_other_suffixes_and_links_to_folders_are_skipped(lay, tmp_path):
    root = lay("set/a.jpg", "set/.b.jpg", "set/.cache/c.jpg", "set/notes.txt", "set/jpg", "other/d.jpg")
    (root / "set" / "link").symlink_to(root / "other")
    assert names(find_photos([root / "set"])) == ["a.jpg"]


def test_photos_of_kinds_that_can_t_be_read_are_not_lost(lay):
    root = lay("a.HEIC", "b.cr2", "c.gif", "d.avif", "e.NEF", "f.jpg", ".g.heic", "notes.raw")
    found = search_photos([root])
    assert names(found.photos) == ["a.HEIC", "b.cr2", "c.gif", "d.avif", "e.NEF", "f.jpg"]
    assert found.passed_over == 0
    assert names(find_photos([root / "*.[ac]*"])) == ["b.cr2", "d.avif"]


def test_raw_files_beside_their_jpegs_are_passed_over(lay):
    root = lay("1.CR3", "1.JPG", "img.heic", "IMG.jpeg", "img.dng", "2.CR3", "sub/2.jpg", "3.CR3", "3.heic", "4.heic")
    found = search_photos([root])
    assert names(found.photos) == ["1.JPG", "2.CR3", "3.CR3", "3.heic", "4.heic", "IMG.jpeg", "sub/2.jpg"]
    assert found.passed_over == 3


def test_a_raw_file_that_is_named_is_not_passed_over(lay):
    root = lay("1.CR3", "1.JPG", "2.CR3", "2.JPG")
    found = search_photos([root, root / "1.CR3"])
    assert names(found.photos) == ["1.CR3", "1.JPG", "2.JPG"]
    assert found.passed_over == 1


def test_a_hidden_folder_that_is_named_is_searched(lay):
    assert names(find_photos([lay(".hidden/a.jpg") / ".hidden"])) == ["a.jpg"]


def test_a_file_that_is_named_is_taken_whatever_its_suffix(lay):
    root = lay("scan.dat", ".hidden.jpg")
    assert names(find_photos([root / "scan.dat", root / ".hidden.jpg"])) == [".hidden.jpg", "scan.dat"]


def test_a_file_given_twice_counts_once(lay):
    root = lay("a/1.jpg", "a/2.jpg")
    (root / "again.jpg").symlink_to(root / "a" / "2.jpg")
    found = find_photos([root / "a", root / "a" / "1.jpg", root / "a" / ".." / "a", root / "again.jpg"])
    assert names(found) == ["1.jpg", "2.jpg"]


def test_equal_names_are_told_apart_from_the_common_parent(lay):
    root = lay("study/visit1/anna.jpg", "study/visit2/anna.jpg", "elsewhere/berta.jpg")
    found = find_photos([root / "study" / "visit1", root / "study" / "visit2", root / "elsewhere"])
    assert names(found) == ["berta.jpg", "visit1/anna.jpg", "visit2/anna.jpg"]


def test_equal_names_of_single_files_are_told_apart(lay):
    root = lay("a/x/1.jpg", "a/y/1.jpg")
    assert names(find_photos([root / "a" / "x" / "1.jpg", root / "a" / "y" / "1.jpg"])) == ["x/1.jpg", "y/1.jpg"]


def test_a_name_made_to_tell_apart_does_not_clash_either(lay):
    root = lay("p/v1/a.jpg", "p/v2/a.jpg", "q/v1/a.jpg", "q/b.jpg")
    found = names(find_photos([root / "p" / "v1", root / "p" / "v2", root / "q"]))
    assert found == ["p/v1/a.jpg", "p/v2/a.jpg", "q/b.jpg", "q/v1/a.jpg"]


def test_relative_roots_give_relative_names(lay, monkeypatch):
    monkeypatch.chdir(lay("a/1.jpg", "b/1.jpg"))
    found = find_photos([Path("a"), Path("b"), Path()])
    assert names(found) == ["a/1.jpg", "b/1.jpg"]


def test_a_missing_root_is_named(lay):
    root = lay("a.jpg")
    with pytest.raises(InputError, match=r"not found: .*gone.*, .*lost\.jpg"):
        find_photos([root, root / "gone", root / "lost.jpg"])


def test_finding_nothing_says_what_was_looked_for(lay):
    with pytest.raises(InputError, match=r"looked for \.jpg .*\.bmp"):
        find_photos([lay("readme.txt")])
    with pytest.raises(InputError, match="no photo found"):
        find_photos([])


def test_a_folder_that_can_t_be_listed_stops_the_search(lay, monkeypatch):
    root = lay("a.jpg", "closed/b.jpg")
    import os

    scan = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(InputError, match=r"can't list .*closed: Permission denied"):
        find_photos([root])


folders = st.lists(st.sampled_from(["a", "b", "a/a", "a/b", "b/a", "b/b/a", "a/b/a"]), min_size=1, max_size=6)


@given(bases=folders, inner=st.lists(st.sampled_from(["1.jpg", "a/1.jpg", "b/1.jpg"]), min_size=6, max_size=6))
def test_names_are_always_unique_relative_and_inside(bases, inner):
    pairs = {
        Path("/", base, name): (Path("/", base), Path("/", base, name))
        for base, name in zip(bases, inner, strict=False)
    }
    found = named_apart(pairs.values())
    assert [photo.path for photo in found] == list(pairs)
    assert len(set(names(found))) == len(found)
    for photo in found:
        assert not photo.name.startswith("/")
        assert ".." not in photo.name
        assert photo.path.as_posix().endswith(f"/{photo.name}")
