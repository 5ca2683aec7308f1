"""Landing as a stage: files in, two tables of what became of them, evaluations that are gone."""

from collections.abc import Collection, Sequence
from pathlib import Path

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.account import Account
from errormap_dagster.parts import fingerprint, part
from errormap_dagster.project import Project
from errormap_dagster.tables import BY_EVALUATION, CODE_VERSIONS


def land(
    project: Project,
    paths: Sequence[str | Path] = (),
    source_format: str | None = None,
    only: Collection[str] | None = None,
) -> None:
    """Land the named files and whatever is new in the landing folders.

    Args:
        project: the opened home.
        paths: files and folders from elsewhere.
        source_format: the format or declared mapping of those; told by content if None.
        only: names of files in the home's landing folder and URLs of remote ones; all others
            there are left.

    Raises:
        IngestError: a named path does not exist, a folder holds no file to land, no format has the
            name given, or files could not be opened; all others have landed.
    """
    if paths:
        project.landing.add([Path(path) for path in paths], source_format)
    fetched, left = _fetch(project, only)
    project.landing.scan(None if only is None else {*only, *fetched})
    _write_account_if_changed(project)
    _forget_gone_evaluations(project)
    left += project.landing.left
    project.landing.left.clear()
    if left:
        raise IngestError("These files were left and are tried again: " + "; ".join(left))


def _fetch(project: Project, only: Collection[str] | None) -> tuple[list[str], list[str]]:
    """Fetch what is new in the remote landing folders: names of files, and what was left."""
    names: list[str] = []
    left: list[str] = []
    for folder in project.remote_folders:
        for file in folder.new_files():
            url = folder.url_of(file)
            if only is not None and url not in only:
                continue
            try:
                path = folder.fetch(file)
            except OSError as error:
                left.append(f"{url}: {type(error).__name__}: {error}")
            else:
                names.append(path.relative_to(project.home.landing).as_posix())
    return names, left


def new_files(project: Project) -> dict[str, list[int]]:
    """Files that no landing has read yet, each with numbers that change as long as it is written.

    Raises:
        IngestError: a landing folder that is a URL cannot be read.
    """
    found: dict[str, list[int]] = {}
    for name in project.landing.pending_files():
        path = project.home.landing / name
        # A file from elsewhere that is to be read anew has no place here and stands still.
        told = path.stat() if path.exists() else None
        found[name] = [told.st_size, told.st_mtime_ns] if told else []
    for folder in project.remote_folders:
        found |= {folder.url_of(file): list(file[1:]) for file in folder.new_files()}
    return found


def _write_account_if_changed(project: Project) -> None:
    # Counting goes through every landed row, so whether anything changed is asked first.
    state = part(project.landing.state())
    marks = {t: fingerprint(code=CODE_VERSIONS[t], landed_rows=state) for t in Account._fields}
    if all(project.store.fingerprint(table) == mark for table, mark in marks.items()):
        return
    account = project.landing.account()
    for table, mark in marks.items():
        project.store.write(table, getattr(account, table), mark)


def _forget_gone_evaluations(project: Project) -> None:
    """A corrected file may hold an evaluation no longer: its tables go with it."""
    landed = project.landing.evaluations()
    project.obstacles.keep(landed)
    live = {(e.dataset, e.model) for e in landed}
    for table in BY_EVALUATION:
        for partition in project.store.partitions(table, ["dataset", "model"]):
            if (partition["dataset"], partition["model"]) not in live:
                project.store.remove(table, partition)
