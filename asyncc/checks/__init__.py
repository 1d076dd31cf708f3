"""One file a check. Each has `check(frontend)`-like entry; see the list below for what runs, in order."""


def run_checks(frontend: object) -> None:
    pass
