select
    source_uri,
    content_hash,
    source_format,
    status,
    detail,
    n_rows,
    n_kept,
    n_quarantined,
    n_duplicates,
    n_evaluations,
    n_bytes,
    landed_at,
from {{ source('errormap', 'landed_files') }}
