"""packaging/abi-layout: a type of the SDK that looks otherwise in memory is not passed over in silence."""

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import xml.etree.ElementTree as xml

import pytest

from test_documents import BUILD, ROOT

SURFACE = ROOT / "tests/sdk/surface.cpp"
INCLUDE = ROOT / "host/include"
TYPE = re.compile(r"^(?:class|struct|enum class) (\w+)(?: final)?(?:\s*:[^;{]*)?\s*\{", re.MULTILINE)


def surface(folder, include=INCLUDE, *flags):
    """penstock-surface.so as this build makes it, of other headers or with more flags."""
    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    command = next(one for one in commands if pathlib.Path(one["file"]) == SURFACE)
    words = [word.replace(str(INCLUDE), str(include)) for word in shlex.split(command["command"])]
    words = words[: words.index("-o")]
    library = folder / "penstock-surface.so"
    subprocess.run([*words, f"-ffile-prefix-map={folder}=.", *flags, "-shared", f"-Wl,--version-script={ROOT}/tests/sdk/surface.map",
                    "-o", library, SURFACE], check=True, cwd=command["directory"])
    return library


@pytest.fixture
def altered(tmp_path):
    """The headers, to be altered."""
    return pathlib.Path(shutil.copytree(INCLUDE, tmp_path / "include"))


def replace(include, header, old, new):
    file = include / "penstock" / header
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, (header, old)
    file.write_text(text.replace(old, new), encoding="utf-8")


def compare(library, tree=ROOT):
    ended = subprocess.run([tree / "packaging/abi-layout", library], check=False, capture_output=True, text=True)
    return ended.returncode, ended.stdout + ended.stderr


def refused(library):
    status, said = compare(library)
    assert status == 1, said
    assert "add a line to CHANGELOG.md that names the header, then run packaging/abi --write" in said
    return said


def test_a_build_elsewhere_is_the_same(tmp_path):
    assert compare(surface(tmp_path)) == (0, "")


def test_a_comment_is_no_layout(altered, tmp_path):
    replace(altered, "queue.h", "struct LeaseToken {", "// One more line,\n// and another.\nstruct LeaseToken {")
    assert compare(surface(tmp_path, altered)) == (0, "")


def test_virtual_functions_in_another_order(altered, tmp_path):
    text = (altered / "penstock/queue.h").read_text(encoding="utf-8")
    stats = re.search(r"^  virtual QueueStats stats\(\) = 0;\n", text, re.MULTILINE)[0]
    publish = re.search(r"^  virtual void publish\(.*\n", text, re.MULTILINE)[0]
    (altered / "penstock/queue.h").write_text(text.replace(stats, "").replace(publish, stats + publish), encoding="utf-8")
    said = refused(surface(tmp_path, altered))
    assert "penstock::Queue" in said and "vtable" in said and "stats" in said


def test_a_member_more(altered, tmp_path):
    replace(altered, "queue.h", "  Uuid id{};\n", "  Uuid id{};\n  std::uint64_t place = 0;\n")
    said = refused(surface(tmp_path, altered))
    assert "penstock::PublishResult" in said and "place" in said


def test_another_value_of_an_enumerator(altered, tmp_path):
    replace(altered, "store.h", "Accepted, Sending, Unknown,", "Accepted, Unknown, Sending,")
    said = refused(surface(tmp_path, altered))
    assert "penstock::MessageStatus" in said


def test_a_member_of_a_template_that_a_type_holds(altered, tmp_path):
    replace(altered, "unique_function.h", "kInline = 64;", "kInline = 48;")
    assert "UniqueFunction" in refused(surface(tmp_path, altered))


def test_a_flag_that_no_header_shows(tmp_path):
    assert "penstock::Event" in refused(surface(tmp_path, INCLUDE, "-D_GLIBCXX_USE_CXX11_ABI=0"))


@pytest.fixture
def tree(tmp_path):
    """The check and its reference, to be altered."""
    for file in ("packaging/abi-layout", "packaging/sdk/abi.xml"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_without_a_build_no_reference_is_written(tree):
    before = (tree / "packaging/sdk/abi.xml").read_bytes()
    written = subprocess.run([tree / "packaging/abi-layout", "--write"], check=False, capture_output=True, text=True)
    assert written.returncode == 1 and "packaging/build release penstock-surface, then packaging/abi --write" in written.stderr
    assert (tree / "packaging/sdk/abi.xml").read_bytes() == before


def test_another_compiler_is_not_compared_and_says_so(tree):
    reference = tree / "packaging/sdk/abi.xml"
    first, rest = reference.read_text(encoding="utf-8").split("\n", 1)
    assert re.fullmatch(r"<!-- GCC [\d.]+ .+ -->", first)
    reference.write_text("<!-- GCC 9.9.9 Another processor -->\n" + rest, encoding="utf-8")
    status, said = compare(BUILD / "tests/sdk/penstock-surface.so", tree)
    assert status == 0 and "not compared" in said and "GCC 9.9.9 Another processor" in said


def test_the_surface_has_every_type_of_the_headers():
    used = set(re.findall(r"\w+", SURFACE.read_text(encoding="utf-8")))
    for header in sorted((INCLUDE / "penstock").glob("*.h")):
        declared = set(TYPE.findall(header.read_text(encoding="utf-8")))
        assert declared <= used, header.name


def test_the_reference_has_them_too():
    told = {element.get("name").split("<")[0] for element in xml.parse(ROOT / "packaging/sdk/abi.xml").iter()
            if element.tag in ("class-decl", "enum-decl") and element.get("is-declaration-only") is None}
    for header in sorted((INCLUDE / "penstock").glob("*.h")):
        assert set(TYPE.findall(header.read_text(encoding="utf-8"))) <= told, header.name


def test_a_wrong_word_is_refused():
    for words in ((), ("--wrong",), ("one", "two")):
        assert subprocess.run([ROOT / "packaging/abi-layout", *words], check=False, capture_output=True).returncode == 64
