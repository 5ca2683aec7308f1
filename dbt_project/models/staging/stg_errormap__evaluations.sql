select
    dataset,
    model,
    is_complete,
    incomplete_table,
    reason,
from {{ source('errormap', 'evaluations') }}
