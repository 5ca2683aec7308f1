select
    source_uri,
    row_number,
    reason,
    detail,
    raw_row,
    landed_at,
from {{ source('errormap', 'quarantined_rows') }}
