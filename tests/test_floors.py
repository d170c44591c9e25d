"""The architecture: imports go down only, light commands stay light, functions stay short."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import header_files
from tests.commands import ROOT, environment

PACKAGE = ROOT / "gmoscli"
FLOORS: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (frozenset(modules.split()), frozenset(libraries.split()))
    for modules, libraries in (
        ("errors", ""),
        ("arguments fits section dq sizes gmos select compare past", ""),
        ("frame band geometry depth stats grids step recipe", "numpy"),
        ("steps", "numpy scipy astropy sep"),
        ("io caldb config logs png checksums atomic", "numpy astropy"),
        (
            "engine recipes request provenance reductions summary turns session api simulate"
            " preview report plan",
            "numpy astropy sep",
        ),
        ("cli __main__", "click"),
    )
)
"""From the ground up: the modules of each floor, and the libraries that they may use."""
STEPS, OUTSIDE = 3, 4
"""Floors that do not know each other: what is done to pixels, and where these come from."""
HEAVY = ("numpy", "astropy", "scipy", "sep")
LONGEST = 45
"""Lines of a function, without its docstring: half a screen would be better."""


class Import(NamedTuple):
    """One import; those of the package begin with a dot."""

    module: str
    target: str
    typing: bool
    """For the type checker alone."""
    later: bool
    """When a function is called, not when the module is imported."""


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the name of each module, without that of the package, and its path."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


NAMES = {name for name, _ in modules()}


def imports() -> Iterator[Import]:
    """Yield every import within the package, at whatever place in a module."""
    for name, path in modules():
        tree = ast.parse(path.read_text())
        typing, later = set(_for_types(tree)), set(_in_functions(tree))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node in ast.walk(tree):
            for target in _targets(node, package):
                yield Import(name, target, node in typing, node in later)


def _for_types(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from ast.walk(node)


def _in_functions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from ast.walk(node)


def _targets(node: ast.AST, package: str) -> Iterator[str]:
    """Yield what an import statement loads."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.module or ""
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".") if package else []
        base = above[: len(above) - node.level + 1]
        for alias in node.names:
            own = [*base, *(node.module.split(".") if node.module else [])]
            longer = ".".join([*own, alias.name])
            yield "." + (longer if longer in NAMES else ".".join(own))


ALL = list(imports())


def floor(module: str) -> int:
    """Return the floor of a module of the package; the package itself is on the ground."""
    top = module.split(".", maxsplit=1)[0]
    return next((i for i, (own, _) in enumerate(FLOORS) if top in own), 0)


def test_every_module_has_a_floor():
    placed = frozenset().union(*(own for own, _ in FLOORS))
    assert {name.split(".")[0] for name in NAMES} - {""} == placed


def test_the_readme_leads_through_every_module():
    guide = (ROOT / "README.md").read_text().partition("## Contributing")[2]
    packages = {name for name, path in modules() if path.name == "__init__.py"}
    every = {name for name in NAMES if name and "." not in name} - {"__main__"}
    assert {
        name for name in every if f"`{name}{'/' if name in packages else ''}`" not in guide
    } == set()


def test_imports_go_down_only():
    inside = [one for one in ALL if one.target.startswith(".") and one.module]
    assert len(inside) > 100
    assert [one for one in inside if floor(one.target[1:]) > floor(one.module)] == []


def test_steps_and_files_do_not_know_each_other():
    apart = {STEPS, OUTSIDE}
    pairs = [one for one in ALL if {floor(one.module), floor(one.target.lstrip("."))} == apart]
    assert [one for one in pairs if one.target.startswith(".")] == []


def test_floors_use_their_own_libraries_alone():
    strangers = [
        one
        for one in ALL
        if not one.target.startswith(".")
        and not one.typing
        and (library := one.target.split(".")[0]) not in sys.stdlib_module_names
        and library not in frozenset().union(*_libraries(one.module))
    ]
    assert strangers == []


def _libraries(module: str) -> list[frozenset[str]]:
    """Return what the floors up to that of a module may use; click is for commands."""
    return [libraries for _, libraries in FLOORS[: floor(module) + 1]]


def test_no_module_needs_itself():
    packages = {name for name, path in modules() if path.name == "__init__.py"}
    graph: dict[str, set[str]] = {}
    for one in ALL:
        facade = one.later and one.module in packages  # loads its own modules when asked
        if one.target.startswith(".") and not one.typing and not facade:
            graph.setdefault(one.module, set()).add(one.target[1:])
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


LIGHT = [
    *(
        [name, "--help"]
        for name in ("showd", "dataselect", "typewalk", "reduce", "caldb", "showpars")
    ),
    *([name, "--help"] for name in ("showrecipes", "simulate", "plan", "demo", "completion")),
    ["provenance", "--json", "raw.fits"],
    ["--help"],
    ["--version"],
    ["showd", "-d", "object,filter_name,ut_datetime,tags", "raw.fits"],
    ["dataselect", "--tags", "IMAGE", "--expr", "filter_name == 'r'", "raw.fits"],
    ["typewalk"],
    ["caldb", "find", "-d", "cal.db", "--kind", "bpm", "raw.fits"],
    ["caldb", "list", "-d", "cal.db"],
]


@pytest.mark.parametrize("words", LIGHT, ids=" ".join)
def test_light_commands_stay_light(words, tmp_path):
    header_files.write(tmp_path / "raw.fits", header_files.raw())
    mask = header_files.write(tmp_path / "bpm.fits", header_files.bpm(DATE="2022-06-01"))
    for preparing in (["init", "-d", "cal.db"], ["add", "-d", "cal.db", mask.name]):
        if "cal.db" in words:
            assert loaded(["caldb", *preparing], tmp_path) == (0, [])
    assert loaded(words, tmp_path) == (0, [])


def loaded(words, folder) -> tuple[int, list[str]]:
    """Return the exit code of a command, and the heavy modules that it loaded."""
    code = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print([m for m in {HEAVY} if m in sys.modules], "
        "file=sys.stderr))\n"
        f"sys.argv = ['gmoscli', *{words}]\n"
        "from gmoscli.cli.umbrella import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    *complaints, modules = done.stderr.splitlines()
    assert complaints == []
    return done.returncode, ast.literal_eval(modules)


def functions() -> Iterator[tuple[str, int]]:
    """Yield each function and its number of lines, without decorators and docstring."""
    for name, path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                first, *others = node.body
                start = others[0] if ast.get_docstring(node) and others else first
                yield f"{name}.{node.name}", (node.end_lineno or 0) - start.lineno + 1


def test_functions_stay_short():
    assert {name: lines for name, lines in functions() if lines > LONGEST} == {}
