"""The jobs that people and the command line start."""

import dagster as dg

LAND = "land"
EVERYTHING = "everything"
FOLLOW_TAG = "errormap/then"
"""On a run: the job that follows it when it has succeeded."""

JOBS = {
    LAND: dg.define_asset_job(
        LAND,
        selection=dg.AssetSelection.assets("landed_files", "quarantined_rows"),
        description="Read new and changed files; each evaluation in them becomes a partition.",
    ),
    EVERYTHING: dg.define_asset_job(
        EVERYTHING,
        selection=dg.AssetSelection.all(),
        description="Materialize every table and view for the chosen evaluations.",
    ),
}
