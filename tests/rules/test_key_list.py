"""Lists of licence keys as people have them: what is read, what is named by its line, and nothing bent in silence."""

import pytest

from storefront.rules.key_list import LONGEST_LINE, MOST, Fault, decode, read

NOBODY: set[str] = set()


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ("A-1\nA-2\n", ("A-1", "A-2")),
        ("\ufeffkey,email\r\nA-1,x@y.example\r\nA-2,\r\n", ("A-1", "A-2")),
        ("license_key\nA-1", ("A-1",)),
        ("Serial Number\nA-1", ("A-1",)),
        ("Product-Key:\nA-1", ("A-1",)),
        ('"A-1","x"\n"A,2"\n"A""3"', ("A-1", "A,2", 'A"3')),
        ("key;customer\nA-1;Doe, John\nA-2;x", ("A-1", "A-2")),
        ("A-1;Doe, John\nA-2;x", ("A-1", "A-2")),
        ('A-1,"Doe; John"\nA-2,x', ("A-1", "A-2")),
        ("A-1\tx\nA-2\ty", ("A-1", "A-2")),
        ("  A-1  \n\tA-2", ("A-1", "A-2")),
        ("=1+1\n+1\n@x\n-1", ("=1+1", "+1", "@x", "-1")),
    ],
)
def test_lists_that_are_read_whole(given: str, keys: tuple[str, ...]) -> None:
    found = read(given)
    assert found.keys == keys
    assert found.faults(NOBODY) == []


@pytest.mark.parametrize(
    ("given", "number", "said"),
    [
        ("A-1\n\nA-2", 2, "is blank"),
        ("key\nA-1\nA-2\nA-1", 4, "is the same key as line 2"),
        ("A-1\nHAD", 2, "is a key that the pool has or had already"),
        ("A-1\n" + "x" * 201, 2, "has more than 200 characters"),
        ("A-1\nA\u20282", 2, "has signs in it that cannot be printed"),
        ("A-1\nA-2,Doe", 2, "has more columns than the first line; a key with commas stands in quotes"),
        ('A-1\n"A-2', 2, "has a quotation mark without its other half"),
        ('A-1\nA-2"', 2, "has a quotation mark without its other half"),
        ('A-1\n"A"-2"', 2, "has a quotation mark without its other half"),
        ("A-1\n" + "x" * 200_000, 2, f"has more than {LONGEST_LINE:,} characters"),
        ("licence keys\n", 1, "is followed by no key"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named_and_the_others_can(given: str, number: int, said: str) -> None:
    found = read(given)
    assert found.faults({"HAD"}) == [Fault(number, said)]
    good = found.without_faults({"HAD"})
    assert "A-1" in good.keys or not good.keys
    assert not good.keys or good.faults({"HAD"}) == []


def test_of_ten_thousand_the_first_five_thousand_can_be_taken_and_then_the_rest() -> None:
    found = read("\n".join(f"A-{number}" for number in range(2 * MOST)))
    assert found.faults(NOBODY)[0] == Fault(MOST + 1, "is beyond the 5,000 keys that are imported at once")
    first = found.without_faults(NOBODY).keys
    assert len(first) == MOST
    rest = found.without_faults(set(first)).keys
    assert {*first, *rest} == set(found.keys)


def test_a_file_is_utf_8_or_says_that_it_is_utf_16() -> None:
    assert decode("\ufeffÄ-1".encode()) == "\ufeffÄ-1"
    assert read(decode("key\r\nÄ-1\r\n".encode("utf-16")) or "").keys == ("Ä-1",)
    assert decode("Ä-1".encode("latin-1")) is None
    assert decode(b"\xff\xfe\x00") is None
