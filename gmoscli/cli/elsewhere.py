"""Options that observers know from DRAGONS and that no command here has: what to do instead."""

_MODE = 'mode = "qa" or "ql" in the section [reduce] of dragonsrc.toml does the same'
_NO_PACKAGES = "leave it out: GMOS is known without further packages"

ELSEWHERE = {
    "--qa": _MODE,
    "--ql": _MODE,
    "--mode": _MODE,
    "-m": "leave it out: recipes are the same in every mode",
    "--adpkg": _NO_PACKAGES,
    "--drpkg": "reduce -r my.py takes a recipe of your own, see man 7 gmoscli-recipes",
    "--displayflags": "reduce --explain shows what would be done, caldb config the settings",
    "--debug": "leave it out; reduce --verbose says everything",
    "--upload": "leave it out: nothing is sent away; caldb add FILE stores a calibration",
}
"""Option → what to do instead, in one line."""
