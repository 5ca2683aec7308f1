"""The errors a user can meet, all below one root.

ErrorMapError
├── SettingsError      errormap.yaml or an option holds something that is not allowed
├── ContractError      a data contract cannot be read, or a table breaks its contract
├── IngestError        a file as a whole is no predictions (single rows are quarantined)
├── JudgeStoppedError  the judge cannot go on: endpoint down, key refused, budget reached
│   └── JudgeWaitingError  calls are with the provider, and this run does not wait for them
├── TableMissingError  a table was asked for before anything made it
├── CheckFailedError   a blocking check of a run did not pass
├── BundleError        a replay bundle is foreign, damaged or cannot be replayed
└── IncompleteError    some evaluations could not be made; all others were

Every message names the file, the key or the row, and what to do about it.
"""


class ErrorMapError(Exception):
    """Root of all errors that this package raises on purpose."""


class SettingsError(ErrorMapError):
    """A setting is unknown or has a value that is not allowed."""


class ContractError(ErrorMapError):
    """A data contract cannot be used, or a table does not keep it."""


class IngestError(ErrorMapError):
    """A file as a whole cannot be read as predictions."""


class JudgeStoppedError(ErrorMapError):
    """The judge cannot go on; what it has answered so far is recorded."""


class JudgeWaitingError(JudgeStoppedError):
    """Calls are with the provider; a later run collects their answers."""


class TableMissingError(ErrorMapError):
    """A table was asked for that has not been materialized yet."""


class CheckFailedError(ErrorMapError):
    """A blocking check did not pass."""


class IncompleteError(ErrorMapError):
    """Some evaluations could not be made; all others were."""


class BundleError(ErrorMapError):
    """A replay bundle cannot be written, read or replayed."""
